#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <condition_variable>
#include <deque>
#include <optional>
#include <thread>
#include <unordered_set>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/http/server.h"

namespace slipway::http {

class Connection;

// What the threads and connections of one server share. Outlives the Server while a responder is
// held.
struct ServerState {
  ServerState(Server::Options o, Server::Handler h)
      : options(std::move(o)), handler(std::move(h)), io(options.threads) {}

  // Takes `bytes` of the budget of bodies; false when it is spent.
  bool Reserve(uint64_t bytes);
  void Release(uint64_t bytes) { body_bytes -= bytes; }

  const Server::Options options;
  const Server::Handler handler;
  boost::asio::io_context io;
  // Keeps the threads until the last connection was told to close: one whose request is handled may
  // have nothing pending.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::function<void()> close_acceptor;
  std::vector<std::thread> threads;
  std::string unix_path;
  std::atomic<uint64_t> body_bytes{0};
  std::atomic<bool> stopping{false};
  Mutex mu;
  std::condition_variable changed;
  std::unordered_set<Connection*> connections SLIPWAY_GUARDED_BY(mu);
};

// One client's connection: reads a request, has it answered, and begins again. All private
// functions run on the strand of its stream; kept alive by its pending operations and its
// responder.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Executor = boost::asio::strand<boost::asio::io_context::executor_type>;
  using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol, Executor>;

  Connection(std::shared_ptr<ServerState> state, Stream stream, std::string remote_address);
  ~Connection();

  void Start();
  // Closes a connection that is idle or streams, or any with `force`. Any thread.
  void Shutdown(bool force);

  // Behind the responder of exchange number `exchange`. Any thread.
  void Send(uint64_t exchange, ServerResponse response);
  void BeginStream(uint64_t exchange, int status, Headers headers);
  void Write(uint64_t exchange, std::string piece, std::function<void(bool)> written);
  void End(uint64_t exchange);
  void OnDisconnect(uint64_t exchange, std::function<void()> callback);
  void Abandoned(uint64_t exchange);

 private:
  enum class Phase { kIdle, kReading, kHandling, kSending, kStreaming, kClosed };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using ErrorCode = boost::system::error_code;
  struct Piece {
    std::string bytes;
    std::function<void(bool)> written;
    bool last = false;
  };

  void Await(absl::Duration timeout);
  void ReadHeader();
  void OnHeader();
  void ReadBody();
  void OnBodyPart(ErrorCode ec);
  void ReadFailed(ErrorCode ec);
  void Refuse(int status, std::string_view problem);
  void Dispatch();
  void WatchForDisconnect();
  void SendNow(ServerResponse response, bool close);
  void SendDone(ErrorCode ec);
  void Linger(size_t budget);
  void PumpStream();
  void FinishExchange();
  void Disconnected();
  void Close();
  bool Current(uint64_t exchange) const;
  std::string Head(int status, const Headers& headers, const std::string& framing,
                   bool close) const;
  ServerRequest TakeRequest();

  const std::shared_ptr<ServerState> state_;
  Stream stream_;
  const std::string remote_address_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::chrono::steady_clock::time_point deadline_;
  uint64_t reserved_ = 0;  // of the budget of bodies
  Phase phase_ = Phase::kIdle;
  uint64_t exchange_ = 0;  // number of the request being answered
  bool keep_alive_ = false;
  bool chunked_ = false;
  bool head_only_ = false;
  bool watching_ = false;
  bool writing_ = false;
  std::string out_head_;
  std::string out_body_;
  std::deque<Piece> pieces_;
  std::function<void()> on_disconnect_;
  std::atomic<bool> closed_{false};
  std::vector<char> trash_;
};

}  // namespace slipway::http
