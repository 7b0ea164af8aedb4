#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/worker_pool.h"

namespace slipway::rpc {

// Tells a parked stream that there may be something to send. Copies share one stream; calling it
// for a stream that has ended does nothing. Thread-safe, cheap.
class StreamWaker {
 public:
  StreamWaker() : target_(std::make_shared<Target>()) {}
  void Wake() const {
    MutexLock lock(target_->mu);
    if (target_->wake) target_->wake();
  }

 private:
  friend class StreamHub;
  struct Target {
    Mutex mu;
    std::function<void()> wake SLIPWAY_GUARDED_BY(mu);
  };
  std::shared_ptr<Target> target_;
};

// What a stream sends. Next is called on a worker thread, never concurrently, again after each
// written message and after each wake. It may block for as long as a database query. Destroyed when
// the stream has ended.
template <typename Message>
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  struct Step {
    std::optional<Message> message = {};
    bool end = false;  // after the message, if there is one, the stream ends with OK
  };
  // A message; nothing (the stream parks until it is woken); or the end. An error ends the stream
  // with it.
  virtual absl::StatusOr<Step> Next() = 0;
};

// Runs the long-lived server streams of a service by the callback API: no thread per stream, a slow
// reader only slows itself, and the caller's right is checked anew when its assertion ends. Owned
// by App; destroyed after the server has shut down. Thread-safe.
class StreamHub {
 public:
  explicit StreamHub(CallGate& gate, int threads = 3);
  ~StreamHub();

  // The reactor for one call. `make` gets the admitted call and the stream's waker, on a worker
  // thread, and returns the source or the error that ends the stream.
  template <typename Message, typename Request>
  grpc::ServerWriteReactor<Message>* Serve(
      grpc::CallbackServerContext* context, const Request* request,
      std::function<absl::StatusOr<std::unique_ptr<StreamSource<Message>>>(const CallContext&,
                                                                           StreamWaker)>
          make);

  // Ends all streams with UNAVAILABLE: before the server shuts down.
  void Shutdown();

 private:
  template <typename Message, typename Request>
  class Reactor;
  struct Live {
    std::function<void()> tick;      // looks whether the assertion has ended
    std::function<void()> shutdown;  // ends the stream
  };
  void Add(const void* key, Live live);
  void Remove(const void* key);
  void Tick(const std::stop_token& stop);
  static void Connect(const StreamWaker& waker, std::function<void()> wake) {
    MutexLock lock(waker.target_->mu);
    waker.target_->wake = std::move(wake);
  }

  CallGate& gate_;
  WorkerPool pool_;
  Mutex mu_;
  std::condition_variable_any ticker_wake_;
  std::map<const void*, Live> live_ SLIPWAY_GUARDED_BY(mu_);
  bool closing_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::jthread ticker_;
};

// One stream. Its state moves under a mutex: at most one task of it is on the pool and at most one
// write is under way.
template <typename Message, typename Request>
class StreamHub::Reactor final : public grpc::ServerWriteReactor<Message> {
 public:
  using Make = std::function<absl::StatusOr<std::unique_ptr<StreamSource<Message>>>(
      const CallContext&, StreamWaker)>;

  Reactor(StreamHub& hub, grpc::CallbackServerContext* context, const Request* request, Make make)
      : hub_(hub),
        context_(context),
        request_(*request),
        make_(std::move(make)),
        start_(absl::Now()) {
    Connect(waker_, [this] { Poke(); });
    hub_.Add(this, {[this] { Poke(); },
                    [this] {
                      {
                        MutexLock lock(mu_);
                        shutdown_ = true;
                      }
                      Poke();
                    }});
    Poke();
  }

  void OnWriteDone(bool ok) override {
    {
      MutexLock lock(mu_);
      writing_ = false;
      if (!ok) cancelled_ = true;
    }
    Poke();
  }

  void OnCancel() override {
    {
      MutexLock lock(mu_);
      cancelled_ = true;
    }
    Poke();
  }

  void OnDone() override {
    // After these two no task can be started any more; the last one may still run.
    Connect(waker_, nullptr);
    hub_.Remove(this);
    bool idle = false;
    {
      MutexLock lock(mu_);
      done_ = true;
      idle = !scheduled_;
    }
    if (idle) delete this;
  }

 private:
  void Poke() {
    {
      MutexLock lock(mu_);
      if (finished_) return;
      poked_ = true;
      if (scheduled_) return;
      scheduled_ = true;
    }
    hub_.pool_.Run([this] { Work(); });
  }

  void Work() {
    while (true) {
      std::optional<absl::Status> end;
      {
        MutexLock lock(mu_);
        if (done_ || !poked_ || writing_ || finished_) {
          scheduled_ = false;
          if (!done_) return;
          break;
        }
        poked_ = false;
        if (cancelled_) {
          end = absl::CancelledError("the caller went away");
        } else if (shutdown_) {
          end = absl::UnavailableError("the service is stopping");
        }
      }
      if (!end) end = Pump();
      if (end) Finish(*end);
    }
    delete this;
  }

  // One message, if there is one; the status that ends the stream, if it is over.
  std::optional<absl::Status> Pump() {
    if (ending_) return absl::OkStatus();
    if (source_ == nullptr) {
      auto call = hub_.gate_.Admit(*context_, request_);
      if (!call.ok()) return call.status();
      call_ = *std::move(call);
      // A service's token is a file that auth reads at its start: it can't be revoked while both
      // run.
      const bool is_service = call_.principal.kind() == slipway::auth::v1::Principal::SERVICE;
      expires_ = is_service ? absl::InfiniteFuture() : start_ + CallGate::kAssertionLife;
      auto source = make_(call_, waker_);
      if (!source.ok()) return source.status();
      source_ = *std::move(source);
    }
    if (absl::Now() >= expires_) {
      const absl::Status again = hub_.gate_.Readmit(call_, request_, expires_);
      if (!again.ok()) return again;
    }
    auto step = source_->Next();
    if (!step.ok()) return step.status();
    ending_ = step->end;
    if (!step->message)
      return ending_ ? std::optional<absl::Status>(absl::OkStatus()) : std::nullopt;
    message_ = *std::move(step->message);
    {
      MutexLock lock(mu_);
      writing_ = true;
      poked_ = true;  // asked for the next one as soon as this one is written
    }
    this->StartWrite(&message_);
    return std::nullopt;
  }

  void Finish(const absl::Status& status) {
    {
      MutexLock lock(mu_);
      if (finished_) return;
      finished_ = true;
    }
    source_.reset();
    hub_.gate_.Finished(call_, status, absl::Now() - start_);
    grpc::ServerWriteReactor<Message>::Finish(ToGrpc(status));
  }

  StreamHub& hub_;
  grpc::CallbackServerContext* const context_;
  const Request request_;
  const Make make_;
  const absl::Time start_;
  StreamWaker waker_;

  // Touched by Work alone.
  CallContext call_;
  absl::Time expires_ = absl::InfiniteFuture();
  std::unique_ptr<StreamSource<Message>> source_;
  Message message_;
  bool ending_ = false;

  Mutex mu_;
  bool poked_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool scheduled_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool writing_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool cancelled_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool shutdown_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool finished_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool done_ SLIPWAY_GUARDED_BY(mu_) = false;
};

template <typename Message, typename Request>
grpc::ServerWriteReactor<Message>* StreamHub::Serve(
    grpc::CallbackServerContext* context, const Request* request,
    std::function<absl::StatusOr<std::unique_ptr<StreamSource<Message>>>(const CallContext&,
                                                                         StreamWaker)>
        make) {
  return new Reactor<Message, Request>(*this, context, request, std::move(make));
}

}  // namespace slipway::rpc
