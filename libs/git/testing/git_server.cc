#include "libs/git/testing/git_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "libs/base/check.h"
#include "libs/base/encoding.h"
#include "libs/base/strings.h"
#include "libs/process/run.h"

namespace slipway::git {
namespace {

TempDir MustTempDir() {
  auto dir = TempDir::Create("git-server-");
  SLIPWAY_CHECK(dir.ok());
  return *std::move(dir);
}

std::string RunGit(const std::string& cwd, std::vector<std::string> arguments) {
  process::ProcessSpec spec;
  spec.argv = {"git",
               "-c",
               "user.name=Ada",
               "-c",
               "user.email=ada@example.com",
               "-c",
               "commit.gpgsign=false"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.env = {{"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_CONFIG_GLOBAL", "/dev/null"}};
  spec.cwd = cwd;
  auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok());
  if (!result->ok()) fprintf(stderr, "git %s: %s\n", arguments[0].c_str(), result->err.c_str());
  SLIPWAY_CHECK(result->ok());
  return std::string(Trim(result->out));
}

// The value of a header, "" if it is not there. `head` is the request up to the empty line.
std::string Header(const std::string& head, const std::string& name) {
  for (const std::string& line : Split(head, '\n')) {
    const size_t colon = line.find(':');
    if (colon != std::string::npos && ToLower(line.substr(0, colon)) == name) {
      return std::string(Trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return "";
}

std::string Dechunk(std::string_view body) {
  std::string out;
  while (true) {
    const size_t eol = body.find("\r\n");
    if (eol == std::string_view::npos) return out;
    const size_t size = std::stoul(std::string(body.substr(0, eol)), nullptr, 16);
    if (size == 0) return out;
    out += body.substr(eol + 2, size);
    body.remove_prefix(eol + 2 + size + 2);
  }
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

GitServer::GitServer() : root_(MustTempDir()) {
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  SLIPWAY_CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  SLIPWAY_CHECK(::listen(listener_.get(), 64) == 0);
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Serve(); });
}

GitServer::~GitServer() {
  closing_ = true;
  silent_ = false;
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  connections_.clear();
}

void GitServer::CreateRepository(const std::string& name) {
  const std::string folder = FolderOf(name);
  SLIPWAY_CHECK(MakeDirectories(folder).ok());
  RunGit(folder, {"init", "--quiet", "--bare", "--initial-branch=main", "."});
  RunGit(folder, {"config", "http.receivepack", "true"});
}

std::string GitServer::Commit(const std::string& name, const std::string& branch,
                              const std::vector<std::pair<std::string, std::string>>& files,
                              const std::string& message) {
  const TempDir work = MustTempDir();
  RunGit(work.path(), {"clone", "--quiet", FolderOf(name), "."});
  const bool exists = !RunGit(work.path(), {"ls-remote", "origin", "refs/heads/" + branch}).empty();
  if (exists) {
    RunGit(work.path(), {"checkout", "--quiet", branch});
  } else {
    RunGit(work.path(), {"checkout", "--quiet", "-B", branch});
  }
  for (const auto& [path, content] : files) {
    const std::string full = work.path() + "/" + path;
    SLIPWAY_CHECK(MakeDirectories(full.substr(0, full.rfind('/'))).ok());
    SLIPWAY_CHECK(WriteFileAtomic(full, content, 0644).ok());
  }
  RunGit(work.path(), {"add", "--all"});
  RunGit(work.path(), {"commit", "--quiet", "--allow-empty", "--message", message});
  RunGit(work.path(), {"push", "--quiet", "origin", "HEAD:refs/heads/" + branch});
  return RunGit(work.path(), {"rev-parse", "HEAD"});
}

std::string GitServer::Git(const std::string& name, const std::vector<std::string>& arguments) {
  return RunGit(FolderOf(name), arguments);
}

std::string GitServer::Url(const std::string& name) const {
  return "http://127.0.0.1:" + std::to_string(port_) + "/" + name + ".git";
}

void GitServer::RequirePassword(const std::string& username, const std::string& password) {
  const MutexLock lock(mu_);
  username_ = username;
  password_ = password;
  required_ = "Basic " + Base64Encode(username + ":" + password);
}

void GitServer::AnswerWith(const std::string& status, const std::string& headers,
                           const std::string& body) {
  const MutexLock lock(mu_);
  status_ = status;
  answer_ = "HTTP/1.1 " + status + "\r\n" + headers +
            "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
            body;
}

void GitServer::Serve() {
  while (!closing_) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    connections_.emplace_back([this, fd] { Handle(UniqueFd(fd)); });
  }
}

void GitServer::Handle(UniqueFd connection) {
  std::string data;
  char buffer[64 * 1024];
  size_t head_end = std::string::npos;
  std::string head;
  bool complete = false;
  while (!complete) {
    const ssize_t n = ::recv(connection.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return;
    data.append(buffer, static_cast<size_t>(n));
    if (head_end == std::string::npos) {
      head_end = data.find("\r\n\r\n");
      if (head_end == std::string::npos) continue;
      head = data.substr(0, head_end);
      if (!Header(head, "expect").empty())
        WriteAll(connection.get(), "HTTP/1.1 100 Continue\r\n\r\n");
    }
    const std::string length = Header(head, "content-length");
    const bool chunked = Header(head, "transfer-encoding") == "chunked";
    complete = chunked ? data.ends_with("0\r\n\r\n")
                       : data.size() - head_end - 4 >= (length.empty() ? 0 : std::stoul(length));
  }
  if (silent_) {
    met_silence_ = true;
    met_silence_.notify_all();
    // Nothing is said until the client gives up.
    while (silent_ && ::recv(connection.get(), buffer, sizeof buffer, 0) > 0) {
    }
    return;
  }
  std::string body = data.substr(head_end + 4);
  if (Header(head, "transfer-encoding") == "chunked") body = Dechunk(body);
  const std::string answer = Answer(head, body);
  if (body.find("command=ls-refs") != std::string::npos) Keep();
  WriteAll(connection.get(), answer);
}

void GitServer::KeepBackRefs(absl::Duration limit) {
  const MutexLock lock(mu_);
  kept_back_ = false;
  keep_back_ = limit;
}

void GitServer::AnswerNow() {
  const MutexLock lock(mu_);
  keep_back_ = absl::ZeroDuration();
  changed_.notify_all();
}

void GitServer::Keep() {
  std::unique_lock lock(mu_);
  if (keep_back_ == absl::ZeroDuration()) return;
  kept_back_ = true;
  kept_back_.notify_all();
  changed_.wait_for(lock, absl::ToChronoNanoseconds(keep_back_),
                    [this] { return keep_back_ == absl::ZeroDuration(); });
  keep_back_ = absl::ZeroDuration();
}

std::string GitServer::Answer(const std::string& head, const std::string& body) {
  const std::vector<std::string> request = Split(head.substr(0, head.find("\r\n")), ' ');
  SLIPWAY_CHECK(request.size() == 3);
  const std::string path = request[1].substr(0, request[1].find('?'));
  const std::string query =
      path.size() < request[1].size() ? request[1].substr(path.size() + 1) : "";
  if (query.starts_with("service=git-upload-pack")) ++list_requests_;
  {
    const MutexLock lock(mu_);
    if (!status_.empty()) return answer_;
    if (!required_.empty() && Header(head, "authorization") != required_) {
      return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic "
             "realm=\"git\"\r\nContent-Length: 0\r\n"
             "Connection: close\r\n\r\n";
    }
  }
  process::ProcessSpec spec;
  spec.argv = {"git", "http-backend"};
  spec.stdin_data = body;
  spec.out = process::OutputSink::Capture(256 << 20);
  spec.env = {{"GIT_PROJECT_ROOT", root_.path()},
              {"GIT_HTTP_EXPORT_ALL", "1"},
              {"GIT_CONFIG_NOSYSTEM", "1"},
              {"GIT_CONFIG_GLOBAL", "/dev/null"},
              {"REQUEST_METHOD", request[0]},
              {"PATH_INFO", path},
              {"QUERY_STRING", query},
              {"REMOTE_USER", "ada"},
              {"REMOTE_ADDR", "127.0.0.1"},
              {"CONTENT_TYPE", Header(head, "content-type")},
              {"CONTENT_LENGTH", std::to_string(body.size())},
              {"HTTP_CONTENT_ENCODING", Header(head, "content-encoding")},
              {"GIT_PROTOCOL", Header(head, "git-protocol")}};
  auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok());
  const size_t cgi_end = result->out.find("\r\n\r\n");
  SLIPWAY_CHECK(cgi_end != std::string::npos);
  std::string status = Header(result->out.substr(0, cgi_end), "status");
  if (status.empty()) status = "200 OK";
  return "HTTP/1.1 " + status +
         "\r\nContent-Length: " + std::to_string(result->out.size() - cgi_end - 4) +
         "\r\nConnection: close\r\n" + result->out;
}

}  // namespace slipway::git
