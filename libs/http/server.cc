#include "libs/http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/status.hpp>

#include "absl/strings/numbers.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/server_connection.h"

namespace slipway::http {
namespace {

namespace asio = boost::asio;

constexpr char kUnixPrefix[] = "unix:";

// Accepts connections of one protocol until it is closed. Kept alive by its pending accept.
template <typename Protocol>
class Acceptor : public std::enable_shared_from_this<Acceptor<Protocol>> {
 public:
  explicit Acceptor(std::shared_ptr<ServerState> state)
      : state_(state), acceptor_(state->io), retry_(state->io) {}

  absl::Status Listen(const typename Protocol::endpoint& endpoint) {
    boost::system::error_code ec;
    acceptor_.open(endpoint.protocol(), ec);
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
    }
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
    if (ec) return absl::UnavailableError("can't listen: " + ec.message());
    return absl::OkStatus();
  }

  auto local_endpoint() const { return acceptor_.local_endpoint(); }

  void Accept() {
    acceptor_.async_accept(asio::make_strand(state_->io),
                           [self = this->shared_from_this()](
                               boost::system::error_code ec,
                               asio::basic_stream_socket<Protocol, Connection::Executor> socket) {
                             if (!self->acceptor_.is_open()) return;
                             if (ec) return self->AcceptLater();
                             self->Serve(std::move(socket));
                             self->Accept();
                           });
  }

  void Close() {
    asio::post(acceptor_.get_executor(), [self = this->shared_from_this()] {
      boost::system::error_code ignored;
      self->acceptor_.close(ignored);
      self->retry_.cancel();
    });
  }

 private:
  // Out of descriptors, most likely: tries again when some may be free.
  void AcceptLater() {
    retry_.expires_after(std::chrono::milliseconds(100));
    retry_.async_wait([self = this->shared_from_this()](boost::system::error_code ec) {
      if (!ec && self->acceptor_.is_open()) self->Accept();
    });
  }

  void Serve(asio::basic_stream_socket<Protocol, Connection::Executor> socket) {
    {
      const MutexLock lock(state_->mu);
      if (state_->connections.size() >= static_cast<size_t>(state_->options.max_connections))
        return;
    }
    boost::system::error_code ec;
    std::string remote = "unix";
    if constexpr (std::is_same_v<Protocol, asio::ip::tcp>) {
      const auto endpoint = socket.remote_endpoint(ec);
      if (ec) return;
      remote = endpoint.address().to_string();
      socket.set_option(asio::ip::tcp::no_delay(true), ec);
      socket.set_option(asio::socket_base::keep_alive(true), ec);
    }
    std::make_shared<Connection>(
        state_,
        Connection::Stream(
            asio::basic_stream_socket<asio::generic::stream_protocol, Connection::Executor>(
                std::move(socket))),
        remote)
        ->Start();
  }

  const std::shared_ptr<ServerState> state_;
  asio::basic_socket_acceptor<Protocol> acceptor_;
  asio::steady_timer retry_;
};

absl::StatusOr<int> ListenTcp(const std::shared_ptr<ServerState>& state,
                              const std::string& listen) {
  const size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, colon);
  if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
  int port = -1;
  boost::system::error_code ec;
  const auto address = asio::ip::make_address(host, ec);
  if (colon == std::string::npos || ec || !absl::SimpleAtoi(listen.substr(colon + 1), &port) ||
      port < 0 || port > 65535) {
    return absl::InvalidArgumentError("\"" + listen + "\" is no ADDRESS:PORT or unix:PATH");
  }
  auto acceptor = std::make_shared<Acceptor<asio::ip::tcp>>(state);
  SLIPWAY_RETURN_IF_ERROR(
      acceptor->Listen(asio::ip::tcp::endpoint(address, static_cast<uint16_t>(port))));
  acceptor->Accept();
  state->close_acceptor = [acceptor] { acceptor->Close(); };
  return acceptor->local_endpoint().port();
}

// A socket file that nobody answers behind is a leftover of a killed process.
absl::Status RemoveStaleSocket(ServerState& state, const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::InvalidArgumentError("\"" + path + "\" exists and is no socket");
  }
  asio::local::stream_protocol::socket probe(state.io);
  boost::system::error_code ec;
  probe.connect(asio::local::stream_protocol::endpoint(path), ec);
  if (!ec) return absl::UnavailableError("\"" + path + "\" is in use by another process");
  unlink(path.c_str());
  return absl::OkStatus();
}

absl::Status ListenUnix(const std::shared_ptr<ServerState>& state, const std::string& path) {
  if (path.empty() || path.size() > 107) {
    return absl::InvalidArgumentError("the path of a Unix socket has 1 to 107 bytes");
  }
  SLIPWAY_RETURN_IF_ERROR(RemoveStaleSocket(*state, path));
  auto acceptor = std::make_shared<Acceptor<asio::local::stream_protocol>>(state);
  const mode_t before = umask(0177);
  const absl::Status listening = acceptor->Listen(asio::local::stream_protocol::endpoint(path));
  umask(before);
  SLIPWAY_RETURN_IF_ERROR(listening);
  acceptor->Accept();
  state->unix_path = path;
  state->close_acceptor = [acceptor] { acceptor->Close(); };
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options, Handler handler) {
  const std::string listen = options.listen;
  auto state = std::make_shared<ServerState>(std::move(options), std::move(handler));
  std::unique_ptr<Server> server(new Server(state));
  if (listen.rfind(kUnixPrefix, 0) == 0) {
    SLIPWAY_RETURN_IF_ERROR(ListenUnix(state, listen.substr(sizeof(kUnixPrefix) - 1)));
    server->address_ = listen;
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(server->port_, ListenTcp(state, listen));
    server->address_ = listen.substr(0, listen.rfind(':') + 1) + std::to_string(server->port_);
  }
  for (int i = 0; i < state->options.threads; ++i) {
    state->threads.emplace_back([s = state.get()] { s->io.run(); });
  }
  return server;
}

Server::Server(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

Server::~Server() { Stop(absl::ZeroDuration()); }

void Server::Stop(absl::Duration grace) {
  if (state_->stopping.exchange(true)) return;
  if (!state_->close_acceptor) return;  // it never listened
  std::exchange(state_->close_acceptor, nullptr)();
  const auto shutdown = [this](bool force) {
    std::vector<std::shared_ptr<Connection>> connections;
    {
      const MutexLock lock(state_->mu);
      for (Connection* connection : state_->connections) {
        if (auto held = connection->weak_from_this().lock()) connections.push_back(std::move(held));
      }
    }
    for (const auto& connection : connections) connection->Shutdown(force);
  };
  shutdown(/*force=*/false);
  {
    std::unique_lock<std::mutex> lock(state_->mu);
    state_->changed.wait_for(lock, absl::ToChronoNanoseconds(grace),
                             [this] { return state_->connections.empty(); });
  }
  shutdown(/*force=*/true);
  state_->work.reset();
  for (std::thread& thread : state_->threads) thread.join();
  if (!state_->unix_path.empty()) unlink(state_->unix_path.c_str());
}

std::string_view ReasonPhrase(int status) {
  if (status == 499) return "Client Closed Request";
  const auto text = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {text.data(), text.size()};
}

}  // namespace slipway::http
