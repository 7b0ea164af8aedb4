#include "libs/events/consumer_loop.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <random>

#include "absl/time/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "libs/telemetry/metrics.h"

namespace slipway::events {
namespace {

// Waits for `time` or until `stop`.
void Pause(absl::Duration time, const std::stop_token& stop) {
  Mutex mu;
  std::condition_variable_any stopped;
  std::unique_lock<Mutex> lock(mu);
  stopped.wait_for(lock, stop, absl::ToChronoMicroseconds(time), [] { return false; });
}

// Nothing before the first retry, then 20 ms doubling up to `most`, each with a jitter of half its
// length.
absl::Duration BackOff(int failures, absl::Duration most) {
  if (failures <= 1) return absl::ZeroDuration();
  const absl::Duration full =
      std::min(most, absl::Milliseconds(20) * (1 << std::min(failures - 2, 16)));
  thread_local std::minstd_rand random(std::random_device{}());
  return full * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

// Not the fault of the event that was being applied. UNKNOWN is a commit without an answer, unless
// a handler said it.
bool IsTransient(const absl::Status& status, bool by_handler) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status) || (absl::IsUnknown(status) && !by_handler);
}

}  // namespace

ConsumerLoop::ConsumerLoop(db::Pool& pool, EventSource& source, Handler handler,
                           ConsumerOptions options)
    : pool_(pool),
      source_(source),
      handler_(std::move(handler)),
      options_(std::move(options)),
      row_(pool_, options_) {}

ConsumerLoop::~ConsumerLoop() { Stop(); }

void ConsumerLoop::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void ConsumerLoop::Stop() { thread_ = std::jthread(); }

void ConsumerLoop::Run(const std::stop_token& stop) {
  int failures = 0;
  while (!stop.stop_requested()) {
    const auto lease = row_.Take();
    if (lease.ok() && lease->has_value()) {
      failures = 0;
      Work(**lease, stop);
    } else if (lease.ok()) {
      Pause(options_.lease / 3, stop);
    } else {
      if (++failures == 2) {
        log::Warn("events.no_lease", "can't take the lease of a consumer",
                  {{"consumer", options_.consumer},
                   {"source", options_.source},
                   {"error", std::string(lease.status().message())}});
      }
      Pause(BackOff(failures, options_.max_pause), stop);
    }
  }
}

void ConsumerLoop::RenewUntil(int64_t fence, const std::stop_token& stop, std::stop_source& work) {
  while (!stop.stop_requested()) {
    Pause(options_.lease / 3, stop);
    if (stop.stop_requested()) return;
    // Other errors than a lost lease do no harm: each write checks the token.
    if (IsLeaseLost(row_.Renew(fence))) work.request_stop();
  }
}

void ConsumerLoop::Work(CursorRow::Lease lease, const std::stop_token& stop) {
  std::stop_source work;
  const std::stop_callback forward(stop, [&work] { work.request_stop(); });
  std::jthread renewer([&](const std::stop_token& end) { RenewUntil(lease.fence, end, work); });
  int failures = 0;
  bool warned = false;
  while (!work.stop_requested()) {
    bool progress = false;
    const absl::Status end = source_.Watch(
        lease.cursor,
        [&](const std::vector<Event>& events) {
          progress = ApplyAll(lease.fence, events, work.get_token());
          if (progress && warned) {
            warned = false;
            log::Info("events.resumed", "events arrive again",
                      {{"consumer", options_.consumer}, {"source", options_.source}});
          }
          return progress && !work.stop_requested();
        },
        work.get_token());
    if (work.stop_requested()) break;
    failures = progress ? 1 : failures + 1;
    if (failures >= 2 && !warned) {
      warned = true;
      log::Warn("events.interrupted", "no events arrive; connecting again",
                {{"consumer", options_.consumer},
                 {"source", options_.source},
                 {"error", std::string(end.message())}});
    }
    Pause(BackOff(failures, options_.max_pause), work.get_token());
    const auto cursor = row_.Read(lease.fence);
    if (cursor.ok()) lease.cursor = *cursor;
    if (IsLeaseLost(cursor.status())) break;
  }
  renewer = std::jthread();
  if (stop.stop_requested()) row_.GiveUp(lease.fence);
}

bool ConsumerLoop::ApplyAll(int64_t fence, const std::vector<Event>& events,
                            const std::stop_token& stop) {
  size_t next = 0;
  size_t end = events.size();
  int tries = 0;
  while (next < events.size()) {
    if (stop.stop_requested()) return false;
    const Applied applied = Apply(fence, events, next, end);
    if (applied.status.ok()) {
      next = end;
      end = events.size();
      tries = 0;
      continue;
    }
    if (IsLeaseLost(applied.status)) return false;
    if (IsTransient(applied.status, applied.failed.has_value())) return false;
    if (applied.failed.value_or(next) > next) {
      end = *applied.failed;  // first what comes before the bad one
      continue;
    }
    if (!applied.failed && end - next > 1) {
      end = next + 1;  // the commit failed: find out by single events
      continue;
    }
    if (++tries >= options_.max_tries) {
      if (!Quarantine(fence, events[next], applied.status).ok()) return false;
      ++next;
      end = events.size();
      tries = 0;
      continue;
    }
    end = next + 1;
    Pause(BackOff(tries + 1, options_.max_pause), stop);
  }
  if (options_.metrics != nullptr && !events.empty()) {
    options_.metrics->SetLoopLag(options_.consumer, absl::Now() - events.back().time);
  }
  return true;
}

ConsumerLoop::Applied ConsumerLoop::Apply(int64_t fence, const std::vector<Event>& events,
                                          size_t begin, size_t end) {
  Applied applied;
  applied.status =
      db::RunTx(pool_, "events.apply", options_.apply_timeout, [&](db::Tx& tx) -> absl::Status {
        applied.failed.reset();
        SLIPWAY_ASSIGN_OR_RETURN(const Cursor cursor, row_.Lock(tx, fence));
        for (size_t i = begin; i < end; ++i) {
          if (events[i].cursor <= cursor) continue;
          absl::Status status = Handle(tx, events[i]);
          if (status.ok()) status = tx.failure();  // an error that the handler swallowed
          if (!status.ok()) {
            applied.failed = i;
            return status;
          }
        }
        return row_.Move(tx, std::max(cursor, events[end - 1].cursor));
      });
  return applied;
}

absl::Status ConsumerLoop::Handle(db::Tx& tx, const Event& event) {
  const log::Scope scope({.trace_id = event.trace_id});
  try {
    return handler_(tx, event);
  } catch (const std::exception& e) {
    return absl::InternalError(e.what());
  }
}

absl::Status ConsumerLoop::Quarantine(int64_t fence, const Event& event,
                                      const absl::Status& error) {
  const absl::Status done = db::RunTx(
      pool_, "events.quarantine", options_.apply_timeout, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(row_.Lock(tx, fence).status());
        SLIPWAY_RETURN_IF_ERROR(row_.Bury(tx, event, error, options_.max_tries));
        return row_.Move(tx, event.cursor);
      });
  if (!done.ok()) return done;
  const log::Scope scope({.trace_id = event.trace_id});
  log::Error("events.quarantined", "an event can't be applied and was put aside",
             {{"consumer", options_.consumer},
              {"source", options_.source},
              {"type", event.type},
              {"subject", event.subject},
              {"seq", event.cursor.seq},
              {"error", error.ToString()}});
  if (options_.metrics != nullptr) {
    options_.metrics->Count("slipway_events_dead_total", "Events put aside after all tries",
                            {{"consumer", options_.consumer}, {"type", event.type}});
  }
  return absl::OkStatus();
}

}  // namespace slipway::events
