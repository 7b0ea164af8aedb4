#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/headers.h"

namespace slipway::http {

// One request as it came in. A value.
struct ServerRequest {
  std::string method = {};
  std::string target = {};          // path and query as sent, not decoded
  Headers headers = {};             // names in lower case
  std::string body = {};            // raw
  std::string remote_address = {};  // numeric address of the peer, or "unix"

  std::string_view Header(std::string_view name) const { return FindHeader(headers, name); }
};

// A whole answer. A value. Content-Length, Date and Connection are added by the server.
struct ServerResponse {
  int status = 200;
  Headers headers = {};
  std::string body = {};
};

// Answers one request: either Send, or BeginStream, any number of Write, and End. Owned by whoever
// answers; dropping it unanswered answers 500. Thread-safe, also after the client or the server is
// gone: it does nothing then.
class Responder {
 public:
  virtual ~Responder() = default;

  virtual void Send(ServerResponse response) = 0;

  // Answers piece by piece (chunked transfer coding).
  virtual void BeginStream(int status, Headers headers) = 0;
  // `written` is called on a server thread when the kernel took the piece (true), or when the
  // client is gone (false, also at once on the calling thread): back-pressure is to write the next
  // piece then.
  virtual void Write(std::string piece, std::function<void(bool ok)> written) = 0;
  virtual void End() = 0;

  // Called once, on a server thread, if the client goes before the answer is complete; at once if
  // it is gone already. Replaces an earlier callback; dropped when the answer is complete.
  virtual void OnDisconnect(std::function<void()> callback) = 0;
};

struct ServerState;

// An HTTP/1.1 server (Boost.Beast parses, Asio does the I/O): keep-alive, limits checked before a
// body is read, streams with back-pressure. Handlers run on the server's threads and must not
// block. Owned by App; Start and Stop are called by one thread.
class Server {
 public:
  struct Options {
    // "127.0.0.1:8480", "[::1]:0" (port 0: any free one), or "unix:/path" (mode 0600).
    std::string listen = {};
    // Bytes of body that a request may have, decided from its first line alone. Unset: 1 MiB for
    // all.
    std::function<uint64_t(std::string_view method, std::string_view target)> body_limit = {};
    uint64_t body_budget =
        64 << 20;  // bytes of bodies in memory at once, all connections together; beyond: 503
    uint32_t header_limit = 16 << 10;  // bytes of first line and headers; beyond: 431
    absl::Duration request_timeout = absl::Seconds(10);   // to read one request whole
    absl::Duration idle_timeout = absl::Seconds(75);      // between two requests of a connection
    absl::Duration response_timeout = absl::Seconds(60);  // to write one answer; streams have none
    int max_connections = 1024;                           // beyond, new ones are closed at once
    int threads = 1;
    // Makes the answer to a request that never reached the handler (400, 408, 413, 431, 503) and
    // may log it. Method and target may be empty. Unset: a line of text.
    std::function<ServerResponse(const ServerRequest& request, int status,
                                 std::string_view problem)>
        refuse = {};
  };
  using Handler = std::function<void(ServerRequest request, std::shared_ptr<Responder> responder)>;

  // Listens and starts its threads. UNAVAILABLE when the address is taken, INVALID_ARGUMENT when it
  // is none.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options, Handler handler);
  ~Server();  // Stop with no grace
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Accepts nothing more, cuts streams, lets other requests end for at most `grace`, then closes
  // all. Idempotent.
  void Stop(absl::Duration grace);

  // Where it listens, in the form of Options::listen with the real port.
  const std::string& address() const { return address_; }
  // The TCP port; 0 for a Unix socket.
  int port() const { return port_; }

 private:
  explicit Server(std::shared_ptr<ServerState> state);
  std::shared_ptr<ServerState> state_;
  std::string address_;
  int port_ = 0;
};

// The reason phrase of a status: "Not Found".
std::string_view ReasonPhrase(int status);

}  // namespace slipway::http
