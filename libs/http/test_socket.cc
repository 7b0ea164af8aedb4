#include "libs/http/test_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "libs/base/check.h"

namespace slipway::http {

TestSocket::TestSocket(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SLIPWAY_CHECK(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
}

bool TestSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::string TestSocket::ReadUntil(std::string_view text, int seconds) {
  std::string all;
  while (text.empty() || all.find(text) == std::string::npos) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, seconds * 1000) <= 0) break;
    char buffer[65536];
    const ssize_t got = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    all.append(buffer, static_cast<size_t>(got));
  }
  return all;
}

std::string TestSocket::ReadAll(int seconds) { return ReadUntil("", seconds); }

bool TestSocket::ClosedWithin(int seconds) {
  for (;;) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (poll(&waiting, 1, seconds * 1000) <= 0) return false;
    char buffer[65536];
    if (recv(fd_.get(), buffer, sizeof(buffer), 0) <= 0) return true;
  }
}

}  // namespace slipway::http
