#include "services/runner/link/agent.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/log/log.h"
#include "libs/service/admin_server.h"
#include "services/runner/spool/back_off.h"

namespace slipway::runner {

Agent::Agent(GrpcBuildLink& link, JobSlots& slots, int slot_count)
    : link_(link),
      slots_(slots),
      slot_count_(slot_count),
      session_(NewUlid(absl::Now())),
      watcher_([this](const std::stop_token& stop) { WatchLoop(stop); }),
      heart_([this](const std::stop_token& stop) { HeartbeatLoop(stop); }) {}

Agent::~Agent() = default;

absl::Status Agent::Ready() const {
  return connected_ ? absl::OkStatus()
                    : absl::UnavailableError("not connected to the build service");
}

void Agent::WatchLoop(const std::stop_token& stop) {
  slots_.DeliverLeftovers(stop);
  build::v1::WatchLeasesRequest request;
  request.set_session(session_);
  request.set_slots(slot_count_);
  request.set_version(service::Version());
  BackOff back_off;
  bool told = false;
  while (!stop.stop_requested()) {
    const absl::Status ended = link_.WatchLeases(
        request,
        [&](const build::v1::LeaseMessage& message) {
          back_off.Reset();
          told = false;
          OnMessage(message);
        },
        stop);
    connected_ = false;
    if (stop.stop_requested()) return;
    // One line for each time that the service goes away, not for each attempt.
    if (!told)
      log::Warn("build.disconnected", "the stream of leases ended", {{"error", MessageOf(ended)}});
    told = true;
    std::unique_lock<Mutex> lock(pause_mu_);
    pause_.wait_for(lock, stop, absl::ToChronoMilliseconds(back_off.Next()), [] { return false; });
  }
}

void Agent::OnMessage(const build::v1::LeaseMessage& message) {
  switch (message.kind_case()) {
    case build::v1::LeaseMessage::kHello:
      connected_ = true;
      if (message.hello().heartbeat_seconds() > 0)
        heartbeat_seconds_ = message.hello().heartbeat_seconds();
      log::Info("build.connected", "ready for jobs", {{"slots", slot_count_}});
      break;
    case build::v1::LeaseMessage::kLease:
      slots_.Start(message.lease());
      break;
    case build::v1::LeaseMessage::kCancel:
      log::Info("job.cancel", message.cancel().reason(), {{"job", message.cancel().key().job()}});
      slots_.Cancel(message.cancel().key(), message.cancel().reason());
      break;
    default:
      break;
  }
}

void Agent::HeartbeatLoop(const std::stop_token& stop) {
  BackOff back_off;
  bool failing = false;
  while (slots_.WaitForJobs(stop)) {
    {
      // A lease outlives three heartbeats: one that failed is sent again soon.
      const std::chrono::milliseconds regular = std::chrono::seconds(heartbeat_seconds_.load());
      std::unique_lock<Mutex> lock(pause_mu_);
      pause_.wait_for(
          lock, stop,
          failing ? std::min(regular, absl::ToChronoMilliseconds(back_off.Next())) : regular,
          [] { return false; });
    }
    if (stop.stop_requested()) return;
    build::v1::HeartbeatRequest request;
    request.set_session(session_);
    for (build::v1::LeaseKey& key : slots_.Held()) *request.add_leases() = std::move(key);
    if (request.leases().empty()) continue;
    const absl::StatusOr<build::v1::HeartbeatResponse> response = link_.Heartbeat(request);
    if (!response.ok()) {
      if (!failing) {
        log::Warn("heartbeat.failed", MessageOf(response.status()),
                  {{"jobs", request.leases_size()}});
      }
      failing = true;
      continue;
    }
    failing = false;
    back_off.Reset();
    for (const build::v1::LeaseKey& key : response->lost()) {
      log::Warn("job.lost", "the job is no longer ours",
                {{"job", key.job()}, {"fence", key.fence()}});
      slots_.Lose(key);
    }
  }
}

}  // namespace slipway::runner
