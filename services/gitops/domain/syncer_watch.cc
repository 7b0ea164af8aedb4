#include <algorithm>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/domain/syncer.h"
#include "services/gitops/store/environment_store.h"

// How a Syncer looks after what is applied: health, drift, ends of an app.
namespace slipway::gitops {
namespace {

using journal::Verdict;
using Status = slipway::gitops::v1::DeploymentStatus;

constexpr absl::Duration kTxTime = absl::Seconds(10);
// Healthy for so long, earlier exits are forgotten.
constexpr absl::Duration kCalm = absl::Seconds(60);
// Of an app that ends again and again, so many ends are written down.
constexpr int kNotedExits = 3;

// The pause before the next probe: at once, then 50 ms growing to a second.
absl::Duration ProbePause(int probes) {
  return std::min(absl::Seconds(1), absl::Milliseconds(50) * (1 << std::min(probes, 5)));
}

}  // namespace

absl::Duration Syncer::Pause(const Observation& seen, SyncMemory& memory) const {
  if (!seen.watched) return ProbePause(memory.probes++);
  return std::min(seen.look_again, options_.watched_interval);
}

absl::Duration Syncer::Watch(const SyncView& view, DesiredState& desired, const std::string& from,
                             SyncMemory& memory) {
  // On a cluster they are a part of what is applied.
  if (desired.cluster != kLocalCluster) {
    absl::Status reached = writer_.AddCredentials(desired, SyncWriter::kCredentialAge);
    if (!reached.ok()) return absl::Seconds(1);
  }
  const auto seen = parts_.target.Observe(desired);
  if (!seen.ok()) {
    log::Warn("sync.observe_failed", "is tried again",
              {{"environment", desired.where.Name()}, {"error", MessageOf(seen.status())}});
    return absl::Seconds(1);
  }
  const bool progressing = view.deployment && view.deployment->state == Status::PROGRESSING;
  const std::string drift = seen->exited ? "" : Join(seen->drift, "; ");
  // What was up before and does not answer is not on the way any more.
  const bool fell = !progressing && !seen->watched && seen->health == Status::STARTING;
  const Health health = fell ? Status::DEGRADED : seen->health;
  if (view.environment->health != health || view.environment->drift != drift) {
    db::RunTx(parts_.pool, "sync.health", kTxTime, [&](db::Tx& tx) -> absl::Status {
      SLIPWAY_RETURN_IF_ERROR(writer_.CheckHeld(tx, desired.cluster));
      return environments::SetHealth(tx, desired.where, health, drift).status();
    }).IgnoreError();
  }
  if (seen->exited && !memory.exit_counted) {
    memory.exit_counted = true;
    // The first one comes back at once, the next ones after growing pauses.
    memory.put_back_after =
        parts_.clock.Now() + (memory.exits == 0 ? absl::ZeroDuration() : BackOff(memory.exits));
    ++memory.exits;
  }
  return progressing ? WatchProgress(view, *seen, desired, from, memory)
                     : WatchSteady(view, *seen, desired, from, memory);
}

absl::Duration Syncer::WatchProgress(const SyncView& view, const Observation& seen,
                                     DesiredState& desired, const std::string& from,
                                     SyncMemory& memory) {
  const Deployment& deployment = *view.deployment;
  const absl::Time now = parts_.clock.Now();
  if (seen.health == Status::RUNNING && seen.drift.empty()) {
    memory.healthy_since = now;
    const absl::Status advanced = writer_.Advance(deployment.id, DeploymentEvent::kHealthy,
                                                  {.url = seen.url, .values = {{"url", seen.url}}});
    if (!advanced.ok()) return absl::Milliseconds(200);
    return seen.watched ? std::min(seen.look_again, options_.watched_interval)
                        : options_.resync_interval;
  }
  memory.healthy_since = absl::InfiniteFuture();
  const bool gave_up = seen.exited && memory.exits >= options_.exits_before_unhealthy;
  if (gave_up || (deployment.progress_by && now >= *deployment.progress_by)) {
    const std::string reason =
        gave_up ? "it ended " + std::to_string(memory.exits) + " times: " + seen.reason
                : "did not get healthy within " + absl::FormatDuration(options_.health_timeout) +
                      ": " + seen.reason;
    writer_.Advance(deployment.id, DeploymentEvent::kUnhealthy, {.reason = reason}).IgnoreError();
    return absl::Seconds(1);
  }
  if (!seen.drift.empty()) {
    if (now < memory.put_back_after) return memory.put_back_after - now;
    if (const auto wait = MayNotRepair(view, seen, desired)) return *wait;
    absl::Duration retry;
    return writer_.Apply(view, desired, from, memory, retry) ? absl::Milliseconds(50) : retry;
  }
  if (seen.watched) {
    const absl::Duration left =
        deployment.progress_by ? *deployment.progress_by - now : absl::InfiniteDuration();
    // What lasts for a moment only is no news.
    const absl::Duration quiet = SyncWriter::kQuiet - (options_.health_timeout - left);
    if (quiet > absl::ZeroDuration()) return quiet;
    const std::string reason = "waiting for " + seen.reason;
    if (deployment.reason != reason) writer_.Explain(deployment, reason);
    return std::min(left, Pause(seen, memory));
  }
  if (memory.probes == 20) writer_.Explain(deployment, "waits until it is healthy: " + seen.reason);
  return Pause(seen, memory);
}

absl::Duration Syncer::WatchSteady(const SyncView& view, const Observation& seen,
                                   DesiredState& desired, const std::string& from,
                                   SyncMemory& memory) {
  const absl::Time now = parts_.clock.Now();
  if (seen.drift.empty()) {
    if (!view.held) guard_.Rest(*view.environment);
    if (seen.health == Status::RUNNING) {
      memory.healthy_since = std::min(memory.healthy_since, now);
      if (now - memory.healthy_since > kCalm) memory.exits = 0;
      memory.probes = 0;
      return seen.watched ? std::min(seen.look_again, options_.watched_interval)
                          : options_.resync_interval;
    }
    memory.healthy_since = absl::InfiniteFuture();
    return Pause(seen, memory);
  }
  memory.healthy_since = absl::InfiniteFuture();
  if (now < memory.put_back_after) return memory.put_back_after - now;
  if (const auto wait = MayNotRepair(view, seen, desired)) return *wait;
  const bool noted = view.deployment && memory.exits <= kNotedExits;
  const std::string what = Join(seen.drift, "; ");
  if (noted) {
    writer_.Note(*view.deployment, "drift.found", Verdict::kStarted,
                 what + "; it is put back to the commit",
                 {{"commit", desired.commit}, {"detail", seen.reason}});
  }
  absl::Duration retry;
  if (!writer_.Apply(view, desired, from, memory, retry)) return retry;
  if (noted) {
    writer_.Note(*view.deployment, "drift.put_back", Verdict::kDone, "was put back: " + what,
                 {{"commit", desired.commit}});
  }
  return absl::Milliseconds(50);
}

std::optional<absl::Duration> Syncer::MayNotRepair(const SyncView& view, const Observation& seen,
                                                   const DesiredState& desired) {
  const auto refusal = guard_.Refuses({*view.environment, view.deployment, desired.tree,
                                       seen.exited ? sync::Cause::kRestart : sync::Cause::kDrift});
  if (!refusal) return std::nullopt;
  return std::min(refusal->wait, options_.resync_interval);
}

}  // namespace slipway::gitops
