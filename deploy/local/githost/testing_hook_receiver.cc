#include "deploy/local/githost/testing_hook_receiver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "libs/base/check.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

UniqueFd ListenOnLoopback(int* port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  SLIPWAY_CHECK(::bind(fd.get(), generic, size) == 0 && ::listen(fd.get(), 16) == 0);
  SLIPWAY_CHECK(::getsockname(fd.get(), generic, &size) == 0);
  *port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

int FreePort() {
  int port = 0;
  ListenOnLoopback(&port);
  return port;
}

std::string HookReceiver::Request::Header(const std::string& name) const {
  for (const std::string& line : Split(head, '\n')) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && ToLower(line.substr(0, colon)) == ToLower(name)) {
      return std::string(Trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return "";
}

HookReceiver::HookReceiver() : listener_(ListenOnLoopback(&port_)), thread_([this] { Serve(); }) {}

HookReceiver::~HookReceiver() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

void HookReceiver::AnswerNextWith(std::vector<int> statuses) {
  MutexLock lock(mu_);
  answers_.assign(statuses.begin(), statuses.end());
}

std::optional<HookReceiver::Request> HookReceiver::Next(absl::Duration timeout) {
  std::unique_lock<Mutex> lock(mu_);
  if (!changed_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                         [this] { return !requests_.empty(); }))
    return {};
  Request request = std::move(requests_.front());
  requests_.pop_front();
  return request;
}

void HookReceiver::Serve() {
  while (true) {
    const UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd.valid()) return;
    ServeConnection(fd.get());
  }
}

// One request a connection: the answer says so.
void HookReceiver::ServeConnection(int fd) {
  Request request;
  std::string input;
  char chunk[65536];
  size_t head_end = std::string::npos;
  size_t wanted = 0;
  while (head_end == std::string::npos || input.size() < head_end + 4 + wanted) {
    const ssize_t n = ::read(fd, chunk, sizeof(chunk));
    if (n <= 0) return;
    input.append(chunk, static_cast<size_t>(n));
    if (head_end == std::string::npos && (head_end = input.find("\r\n\r\n")) != std::string::npos) {
      request.head = input.substr(0, head_end);
      wanted = std::stoul("0" + request.Header("Content-Length"));
    }
  }
  request.body = input.substr(head_end + 4);
  MutexLock lock(mu_);
  request.answered = 202;
  if (!answers_.empty()) {
    request.answered = answers_.front();
    answers_.pop_front();
  }
  const std::string answer = "HTTP/1.1 " + std::to_string(request.answered) +
                             " X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  static_cast<void>(::write(fd, answer.data(), answer.size()) == 0);
  requests_.push_back(std::move(request));
  changed_.notify_all();
}

}  // namespace slipway::githost
