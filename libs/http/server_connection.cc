#include "libs/http/server_connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <cstdio>

#include "absl/time/clock.h"
#include "libs/base/strings.h"

namespace slipway::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr uint64_t kDefaultBodyLimit = 1 << 20;
constexpr size_t kFirstRead = 4096;
constexpr size_t kBufferLimit = 128 << 10;
// After a refusal this much is read and thrown away, so that the client gets to see the answer
// before the reset.
constexpr size_t kLingerBytes = 1 << 20;
constexpr auto kLingerTime = std::chrono::seconds(1);

// The responder of one exchange. Dropped unanswered, it answers 500.
class ExchangeResponder final : public Responder {
 public:
  ExchangeResponder(std::shared_ptr<Connection> connection, uint64_t exchange)
      : connection_(std::move(connection)), exchange_(exchange) {}
  ~ExchangeResponder() override { connection_->Abandoned(exchange_); }

  void Send(ServerResponse response) override { connection_->Send(exchange_, std::move(response)); }
  void BeginStream(int status, Headers headers) override {
    connection_->BeginStream(exchange_, status, std::move(headers));
  }
  void Write(std::string piece, std::function<void(bool)> written) override {
    connection_->Write(exchange_, std::move(piece), std::move(written));
  }
  void End() override { connection_->End(exchange_); }
  void OnDisconnect(std::function<void()> callback) override {
    connection_->OnDisconnect(exchange_, std::move(callback));
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const uint64_t exchange_;
};

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

bool HasNoBody(int status) { return status == 204 || status == 304; }

std::string ChunkHead(size_t size) {
  char text[24];
  std::snprintf(text, sizeof(text), "%zx\r\n", size);
  return text;
}

}  // namespace

bool ServerState::Reserve(uint64_t bytes) {
  if (body_bytes.fetch_add(bytes) + bytes <= options.body_budget) return true;
  body_bytes -= bytes;
  return false;
}

Connection::Connection(std::shared_ptr<ServerState> state, Stream stream,
                       std::string remote_address)
    : state_(std::move(state)),
      stream_(std::move(stream)),
      remote_address_(std::move(remote_address)),
      buffer_(kBufferLimit) {
  const MutexLock lock(state_->mu);
  state_->connections.insert(this);
}

Connection::~Connection() {
  state_->Release(reserved_);
  const MutexLock lock(state_->mu);
  state_->connections.erase(this);
  state_->changed.notify_all();
}

// All calls from outside are posted, also from a thread of the strand: they take effect in the
// order in which they were made, whichever threads made them.

void Connection::Start() {
  asio::post(stream_.get_executor(),
             [self = shared_from_this()] { self->Await(self->state_->options.request_timeout); });
}

void Connection::Shutdown(bool force) {
  asio::post(stream_.get_executor(), [self = shared_from_this(), force] {
    if (force || self->phase_ == Phase::kStreaming) {
      self->Disconnected();
    } else if (self->phase_ == Phase::kIdle) {
      self->Close();
    }
  });
}

void Connection::Await(absl::Duration timeout) {
  if (state_->stopping) return Close();
  phase_ = Phase::kIdle;
  if (buffer_.size() > 0) return ReadHeader();
  buffer_.shrink_to_fit();
  stream_.expires_after(absl::ToChronoNanoseconds(timeout));
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this()](ErrorCode ec, size_t bytes) {
                            if (ec || self->phase_ == Phase::kClosed) return self->Close();
                            self->buffer_.commit(bytes);
                            self->ReadHeader();
                          });
}

void Connection::ReadHeader() {
  phase_ = Phase::kReading;
  deadline_ =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(state_->options.request_timeout);
  parser_.emplace();
  parser_->header_limit(state_->options.header_limit);
  parser_->body_limit(boost::none);  // set for real when the target is known
  stream_.expires_at(deadline_);
  beast::http::async_read_header(stream_, buffer_, *parser_,
                                 [self = shared_from_this()](ErrorCode ec, size_t) {
                                   if (self->phase_ == Phase::kClosed) return;
                                   if (ec) return self->ReadFailed(ec);
                                   self->OnHeader();
                                 });
}

void Connection::OnHeader() {
  const auto& message = parser_->get();
  keep_alive_ = message.keep_alive();
  chunked_ = message.version() >= 11;
  head_only_ = message.method() == beast::http::verb::head;
  const uint64_t limit =
      state_->options.body_limit
          ? state_->options.body_limit(View(message.method_string()), View(message.target()))
          : kDefaultBodyLimit;
  const auto length = parser_->content_length();
  if (length && *length > limit) return Refuse(413, "the body is too large");
  parser_->body_limit(limit);
  if (parser_->is_done()) return Dispatch();
  if (!beast::iequals(message[beast::http::field::expect], "100-continue")) return ReadBody();
  out_head_ = "HTTP/1.1 100 Continue\r\n\r\n";
  asio::async_write(stream_, asio::buffer(out_head_),
                    [self = shared_from_this()](ErrorCode ec, size_t) {
                      if (ec || self->phase_ == Phase::kClosed) return self->Close();
                      self->ReadBody();
                    });
}

void Connection::ReadBody() {
  stream_.expires_at(deadline_);
  beast::http::async_read_some(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](ErrorCode ec, size_t) { self->OnBodyPart(ec); });
}

void Connection::OnBodyPart(ErrorCode ec) {
  if (phase_ == Phase::kClosed) return;
  if (ec) return ReadFailed(ec);
  const uint64_t size = parser_->get().body().size();
  if (!state_->Reserve(size - reserved_)) {
    return Refuse(503, "too many large requests at the moment");
  }
  reserved_ = size;
  if (parser_->is_done()) return Dispatch();
  ReadBody();
}

void Connection::ReadFailed(ErrorCode ec) {
  using beast::http::error;
  if (ec == error::header_limit || ec == error::buffer_overflow) {
    return Refuse(431, "the headers are too large");
  }
  if (ec == error::body_limit) return Refuse(413, "the body is too large");
  if (ec == beast::error::timeout || ec == error::end_of_stream || ec == error::partial_message) {
    return Close();
  }
  if (ec.category() == make_error_code(error::bad_method).category()) {
    return Refuse(400, "this is no valid HTTP/1.1 request");
  }
  Close();
}

void Connection::Refuse(int status, std::string_view problem) {
  ServerRequest request;
  if (parser_->is_header_done()) {
    parser_->get().body().clear();
    request = TakeRequest();
  }
  request.remote_address = remote_address_;
  ServerResponse response;
  if (state_->options.refuse) {
    response = state_->options.refuse(request, status, problem);
  } else {
    response = {.status = status,
                .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                .body = std::string(problem) + "\n"};
  }
  ++exchange_;
  SendNow(std::move(response), /*close=*/true);
}

ServerRequest Connection::TakeRequest() {
  auto message = parser_->release();
  ServerRequest request;
  request.method = View(message.method_string());
  request.target = View(message.target());
  for (const auto& field : message) {
    request.headers.emplace_back(ToLower(View(field.name_string())), View(field.value()));
  }
  request.body = std::move(message.body());
  request.remote_address = remote_address_;
  return request;
}

void Connection::Dispatch() {
  ServerRequest request = TakeRequest();
  parser_.reset();
  stream_.expires_never();
  phase_ = Phase::kHandling;
  ++exchange_;
  WatchForDisconnect();
  state_->handler(std::move(request),
                  std::make_shared<ExchangeResponder>(shared_from_this(), exchange_));
}

void Connection::WatchForDisconnect() {
  if (watching_) return;
  watching_ = true;
  stream_.socket().async_wait(
      asio::socket_base::wait_read, [self = shared_from_this()](ErrorCode ec) {
        self->watching_ = false;
        const Phase phase = self->phase_;
        if (ec || (phase != Phase::kHandling && phase != Phase::kStreaming)) return;
        char byte;
        const ssize_t got =
            recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) return;  // the next request came early: watched again when its turn comes
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->WatchForDisconnect();
        self->Disconnected();
      });
}

bool Connection::Current(uint64_t exchange) const {
  return exchange == exchange_ && phase_ != Phase::kClosed;
}

std::string Connection::Head(int status, const Headers& headers, const std::string& framing,
                             bool close) const {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " ";
  head += ReasonPhrase(status);
  head += "\r\nDate: ";
  head += absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::Now(), absl::UTCTimeZone());
  head += "\r\n";
  for (const auto& [name, value] : headers) {
    head += name + ": ";
    for (const char c : value) head += static_cast<unsigned char>(c) < ' ' && c != '\t' ? ' ' : c;
    head += "\r\n";
  }
  head += framing;
  if (close) {
    head += "Connection: close\r\n";
  } else if (!chunked_) {
    head += "Connection: keep-alive\r\n";  // HTTP/1.0 closes unless it is told not to
  }
  head += "\r\n";
  return head;
}

void Connection::Send(uint64_t exchange, ServerResponse response) {
  if (closed_) return;
  asio::post(stream_.get_executor(),
             [self = shared_from_this(), exchange, held = std::move(response)]() mutable {
               if (!self->Current(exchange) || self->phase_ != Phase::kHandling) return;
               self->SendNow(std::move(held), !self->keep_alive_ || self->state_->stopping);
             });
}

void Connection::SendNow(ServerResponse response, bool close) {
  const bool refused = phase_ == Phase::kReading;
  phase_ = Phase::kSending;
  keep_alive_ = !close;
  const std::string framing =
      HasNoBody(response.status)
          ? ""
          : "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  out_head_ = Head(response.status, response.headers, framing, close);
  out_body_ = head_only_ || HasNoBody(response.status) ? "" : std::move(response.body);
  stream_.expires_after(absl::ToChronoNanoseconds(state_->options.response_timeout));
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(out_head_), asio::buffer(out_body_)};
  asio::async_write(stream_, buffers, [self = shared_from_this(), refused](ErrorCode ec, size_t) {
    if (self->phase_ == Phase::kClosed) return;
    self->FinishExchange();
    if (!ec && refused) {
      ErrorCode ignored;
      self->stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
      self->stream_.expires_after(kLingerTime);
      self->trash_.resize(64 << 10);
      return self->Linger(kLingerBytes);
    }
    self->SendDone(ec);
  });
}

void Connection::SendDone(ErrorCode ec) {
  if (ec) return Close();
  if (keep_alive_ && !state_->stopping) return Await(state_->options.idle_timeout);
  ErrorCode ignored;
  stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  Close();
}

void Connection::Linger(size_t budget) {
  stream_.async_read_some(asio::buffer(trash_),
                          [self = shared_from_this(), budget](ErrorCode ec, size_t bytes) {
                            if (ec || bytes >= budget) return self->Close();
                            self->Linger(budget - bytes);
                          });
}

void Connection::BeginStream(uint64_t exchange, int status, Headers headers) {
  if (closed_) return;
  asio::post(stream_.get_executor(), [self = shared_from_this(), exchange, status,
                                      held = std::move(headers)] {
    if (!self->Current(exchange) || self->phase_ != Phase::kHandling) return;
    self->phase_ = Phase::kStreaming;
    const bool close = !self->chunked_ || !self->keep_alive_ || self->state_->stopping;
    self->keep_alive_ = !close;
    self->pieces_.push_back(
        {self->Head(status, held, self->chunked_ ? "Transfer-Encoding: chunked\r\n" : "", close),
         nullptr});
    self->PumpStream();
  });
}

void Connection::Write(uint64_t exchange, std::string piece, std::function<void(bool)> written) {
  if (closed_) {
    if (written) written(false);
    return;
  }
  asio::post(stream_.get_executor(), [self = shared_from_this(), exchange, bytes = std::move(piece),
                                      done = std::move(written)]() mutable {
    if (!self->Current(exchange) || self->phase_ != Phase::kStreaming) {
      if (done) done(false);
      return;
    }
    if (bytes.empty() || self->head_only_) {  // an empty chunk would end the stream
      if (done) done(true);
      return;
    }
    if (self->chunked_) bytes = ChunkHead(bytes.size()) + bytes + "\r\n";
    self->pieces_.push_back({std::move(bytes), std::move(done)});
    self->PumpStream();
  });
}

void Connection::End(uint64_t exchange) {
  if (closed_) return;
  asio::post(stream_.get_executor(), [self = shared_from_this(), exchange] {
    if (!self->Current(exchange) || self->phase_ != Phase::kStreaming) return;
    const bool terminator = self->chunked_ && !self->head_only_;
    self->pieces_.push_back({terminator ? "0\r\n\r\n" : "", nullptr, true});
    self->PumpStream();
  });
}

void Connection::PumpStream() {
  if (writing_ || pieces_.empty()) return;
  writing_ = true;
  asio::async_write(stream_, asio::buffer(pieces_.front().bytes),
                    [self = shared_from_this()](ErrorCode ec, size_t) {
                      self->writing_ = false;
                      if (self->phase_ == Phase::kClosed) return;
                      if (ec) return self->Disconnected();
                      const Piece piece = std::move(self->pieces_.front());
                      self->pieces_.pop_front();
                      if (piece.last) {
                        self->FinishExchange();
                        return self->SendDone({});
                      }
                      if (piece.written) piece.written(true);
                      self->PumpStream();
                    });
}

void Connection::OnDisconnect(uint64_t exchange, std::function<void()> callback) {
  if (closed_) return callback();
  asio::post(stream_.get_executor(),
             [self = shared_from_this(), exchange, held = std::move(callback)]() mutable {
               if (self->phase_ == Phase::kClosed && exchange == self->exchange_) {
                 return held();
               }
               if (self->Current(exchange)) self->on_disconnect_ = std::move(held);
             });
}

void Connection::Abandoned(uint64_t exchange) {
  if (closed_) return;
  asio::post(stream_.get_executor(), [self = shared_from_this(), exchange] {
    if (!self->Current(exchange)) return;
    if (self->phase_ == Phase::kHandling) {
      self->SendNow({.status = 500, .headers = {}, .body = ""}, /*close=*/true);
    } else if (self->phase_ == Phase::kStreaming &&
               (self->pieces_.empty() || !self->pieces_.back().last)) {
      self->Disconnected();  // a stream that was not ended must not look complete
    }
  });
}

void Connection::FinishExchange() {
  ++exchange_;
  on_disconnect_ = nullptr;
  state_->Release(std::exchange(reserved_, 0));
  out_head_ = {};
  out_body_ = {};
  head_only_ = false;
}

void Connection::Disconnected() {
  if (phase_ == Phase::kClosed) return;
  Close();
  if (const auto callback = std::exchange(on_disconnect_, nullptr)) callback();
}

void Connection::Close() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  closed_ = true;
  std::deque<Piece> left;
  // The piece being written is in use by the kernel call until it ends; its bytes stay.
  for (Piece& piece : pieces_) left.push_back({"", std::move(piece.written), piece.last});
  stream_.close();
  for (const Piece& piece : left) {
    if (piece.written) piece.written(false);
  }
}

}  // namespace slipway::http
