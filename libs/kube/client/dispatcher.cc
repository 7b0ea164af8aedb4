#include "libs/kube/client/dispatcher.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/kube/client/answer.h"
#include "libs/telemetry/metrics.h"

namespace slipway::kube {
namespace {

constexpr absl::Duration kShortestWait = absl::Milliseconds(20);
constexpr absl::Duration kDefaultRetryAfter = absl::Seconds(1);

Limiter::Result ResultOf(const absl::StatusOr<Response>& response) {
  if (!response.ok()) {
    return response.status().code() == absl::StatusCode::kCancelled ? Limiter::Result::kAbandoned
                                                                    : Limiter::Result::kFailed;
  }
  if (response->status == 429) return Limiter::Result::kThrottled;
  // 500 is often about one object, and not about the server's load.
  return response->status > 500 ? Limiter::Result::kFailed : Limiter::Result::kAnswered;
}

bool IsWrite(const Request& request) {
  return request.method != "GET" && request.path.find("dryRun=All") == std::string::npos;
}

}  // namespace

// All of it lives on the loop's thread, but for the counters at the end.
struct Dispatcher::State : std::enable_shared_from_this<Dispatcher::State> {
  struct Job {
    std::string owner;
    Request request;
    Client::Callback done;
    absl::Time deadline;
    absl::Time started;       // of the try under way
    int throttled = 0;        // tries that were answered 429
    Client::CallId call = 0;  // != 0: in flight
    Loop::TimerId timer = 0;  // != 0: waits to be sent again, or for its deadline
  };

  State(Client& c, Limiter::Options options, telemetry::Metrics* m, std::function<bool()> may)
      : client(c),
        metrics(m),
        may_write(std::move(may)),
        limiter(options),
        random(std::random_device{}()) {}

  void Add(Id id, Job job) {
    if (closed) return job.done(absl::CancelledError("the dispatcher ends"));
    limiter.Enqueue(job.owner, id);
    job.timer = client.After(job.deadline - absl::Now(), [self = weak_from_this(), id] {
      if (const auto state = self.lock()) state->Expire(id);
    });
    jobs.emplace(id, std::move(job));
    Pump();
  }

  // Starts whatever may start.
  void Pump() {
    while (const std::optional<Limiter::Ticket> id = limiter.Next(absl::Now())) Start(*id);
    if (limiter.waiting() > 0 && limiter.blocked_until() > absl::Now() && wake_timer == 0) {
      wake_timer = client.After(limiter.blocked_until() - absl::Now(), [self = weak_from_this()] {
        const auto state = self.lock();
        if (!state) return;
        state->wake_timer = 0;
        state->Pump();
      });
    }
    Publish();
  }

  void Start(Id id) {
    Job& job = jobs.at(id);
    client.CancelTimer(std::exchange(job.timer, 0));
    job.started = absl::Now();
    if (may_write && IsWrite(job.request) && !may_write()) {
      limiter.Done(Limiter::Result::kAbandoned, job.started, job.started, absl::ZeroDuration());
      return Finish(id, absl::UnavailableError(job.request.method + " " + client.server() +
                                               ": is another process's to do now"));
    }
    Request request = job.request;
    request.timeout = std::max(job.deadline - job.started, absl::Milliseconds(1));
    job.call = client.Send(std::move(request),
                           [self = shared_from_this(), id](absl::StatusOr<Response> response) {
                             self->Answered(id, std::move(response));
                           });
  }

  void Answered(Id id, absl::StatusOr<Response> response) {
    Job& job = jobs.at(id);
    job.call = 0;
    const Limiter::Result result = ResultOf(response);
    absl::Duration retry_after = absl::ZeroDuration();
    if (result == Limiter::Result::kThrottled) {
      retry_after = ParseApiStatus(*response).retry_after;
      if (retry_after <= absl::ZeroDuration()) retry_after = kDefaultRetryAfter;
    }
    limiter.Done(result, job.started, absl::Now(), retry_after);
    if (result != Limiter::Result::kThrottled || closed || !WaitAndRepeat(id, job, retry_after)) {
      Finish(id, std::move(response));
    }
    Pump();
  }

  // The first tries come back sooner than asked, since a server that sheds one flow often takes it
  // a moment later; all are spread, so that they don't come back together.
  bool WaitAndRepeat(Id id, Job& job, absl::Duration retry_after) {
    if (metrics != nullptr) {
      metrics->Count("slipway_kube_throttled_total", "Answers 429 that were waited out", {});
    }
    const absl::Duration patience = kShortestWait * (int64_t{1} << std::min(job.throttled++, 10));
    const absl::Duration wait =
        std::min(retry_after, patience) * std::uniform_real_distribution<double>(0.8, 1.3)(random);
    if (absl::Now() + wait >= job.deadline) return false;
    job.timer = client.After(wait, [self = weak_from_this(), id] {
      if (const auto state = self.lock()) state->Repeat(id);
    });
    return true;
  }

  void Repeat(Id id) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    Job& job = found->second;
    limiter.Requeue(job.owner, id);
    job.timer = client.After(job.deadline - absl::Now(), [self = weak_from_this(), id] {
      if (const auto state = self.lock()) state->Expire(id);
    });
    Pump();
  }

  // Its turn never came.
  void Expire(Id id) {
    const auto found = jobs.find(id);
    if (found == jobs.end() || found->second.call != 0) return;
    limiter.Remove(found->second.owner, id);
    Finish(id, absl::DeadlineExceededError(found->second.request.method + " " + client.server() +
                                           ": its turn did not come in time"));
    Publish();
  }

  void Cancel(Id id) {
    const auto found = jobs.find(id);
    if (found == jobs.end()) return;
    if (found->second.call != 0) return client.Cancel(found->second.call);
    limiter.Remove(found->second.owner, id);
    Finish(id, absl::CancelledError("cancelled"));
    Publish();
  }

  void Finish(Id id, absl::StatusOr<Response> response) {
    auto node = jobs.extract(id);
    if (node.mapped().timer != 0) client.CancelTimer(node.mapped().timer);
    node.mapped().done(std::move(response));
  }

  void Close() {
    closed = true;
    if (wake_timer != 0) client.CancelTimer(wake_timer);
    std::vector<Id> held;
    for (const auto& [id, job] : jobs) {
      if (job.call == 0) held.push_back(id);
    }
    for (const Id id : held) Cancel(id);
  }

  void Publish() {
    limit = limiter.limit();
    in_flight = limiter.in_flight();
    waiting = limiter.waiting();
  }

  Client& client;
  telemetry::Metrics* const metrics;
  const std::function<bool()> may_write;
  Limiter limiter;
  std::unordered_map<Id, Job> jobs;
  std::minstd_rand random;
  Loop::TimerId wake_timer = 0;
  bool closed = false;
  std::atomic<Id> next_id{1};
  std::atomic<int> limit{0}, in_flight{0};
  std::atomic<size_t> waiting{0};
};

Dispatcher::Dispatcher(Client& client, Limiter::Options options, telemetry::Metrics* metrics,
                       std::function<bool()> may_write)
    : client_(client),
      state_(std::make_shared<State>(client, options, metrics, std::move(may_write))) {
  state_->Publish();
}

Dispatcher::~Dispatcher() {
  client_.Post([state = state_] { state->Close(); });
}

Dispatcher::Id Dispatcher::Submit(std::string_view owner, Request request, Client::Callback done) {
  const Id id = state_->next_id++;
  const absl::Time deadline = absl::Now() + request.timeout;
  State::Job job{.owner = std::string(owner),
                 .request = std::move(request),
                 .done = std::move(done),
                 .deadline = deadline,
                 .started = deadline};
  client_.Post(
      [state = state_, id, job = std::move(job)]() mutable { state->Add(id, std::move(job)); });
  return id;
}

void Dispatcher::Cancel(Id id) {
  client_.Post([state = state_, id] { state->Cancel(id); });
}

Dispatcher::Load Dispatcher::load() const {
  return {.limit = state_->limit, .in_flight = state_->in_flight, .waiting = state_->waiting};
}

}  // namespace slipway::kube
