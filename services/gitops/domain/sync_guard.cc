#include "services/gitops/domain/sync_guard.h"

#include <algorithm>
#include <random>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "services/gitops/store/sync_store.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
// What people do wakes the environment; this is for what goes unnoticed.
constexpr absl::Duration kAskAgain = absl::Minutes(1);
constexpr sync::RetryPolicy kRetry = {
    .first = absl::Milliseconds(200), .factor = 2, .longest = absl::Seconds(30)};

// It is what the target is waited for; an earlier state waits for something else.
bool IsSyncing(const std::optional<Deployment>& deployment) {
  return deployment && (deployment->state == DeploymentState::DeploymentStatus_State_SYNCING ||
                        deployment->state == DeploymentState::DeploymentStatus_State_PROGRESSING);
}

double Fraction() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

sync::GateFacts SyncGuard::FactsOf(const Wish& wish) {
  const SyncControl& control = wish.environment.sync;
  const AppEnvironment& where = wish.environment.where;
  sync::GateFacts facts;
  facts.name = where.Short();
  facts.now = parts_.clock.Now();
  facts.cause = wish.cause;
  // A deployment that a person made is a sync by hand.
  facts.by_hand = !control.asked_by.empty() ||
                  (IsSyncing(wish.deployment) && wish.deployment->actor != "automatic");
  facts.suspended_by = control.suspended_by;
  facts.suspended_at = control.suspended_at;
  auto policy = parts_.policies.For(where);
  if (policy.ok()) {
    facts.windows = std::move(policy->windows);
    facts.self_heal = policy->self_heal;
  } else {
    facts.windows.reset();
    facts.windows_problem = MessageOf(policy.status());
  }
  facts.began = wish.began;
  facts.revision = wish.revision;
  facts.retry = control.retry;
  return facts;
}

std::optional<SyncGuard::Refusal> SyncGuard::Refuses(const Wish& wish) {
  const sync::GateFacts facts = FactsOf(wish);
  const sync::SyncGate gate = sync::Decide(facts);
  if (gate.open()) return std::nullopt;
  Note(wish, gate);
  return Refusal{gate.hold, std::clamp(gate.until - facts.now, absl::Milliseconds(100), kAskAgain)};
}

void SyncGuard::Note(const Wish& wish, const sync::SyncGate& gate) {
  const HoldNote note{gate.hold, gate.reason, gate.until};
  const bool known = wish.environment.sync.held == note;
  // A failed try has said so already.
  const bool told = gate.hold == sync::Hold::kBackOff;
  const bool explain =
      !told && IsSyncing(wish.deployment) && wish.deployment->reason != gate.reason;
  if (known && !explain) return;
  db::RunTx(parts_.pool, "sync.held", kTxTime, [&](db::Tx& tx) -> absl::Status {
    if (!known) SLIPWAY_RETURN_IF_ERROR(syncs::SetHold(tx, wish.environment.where, note));
    if (explain) return parts_.lifecycle.Explain(tx, wish.deployment->id, gate.reason);
    if (known || told || !wish.deployment) return absl::OkStatus();
    return parts_.lifecycle.Note(tx, *wish.deployment, "sync.held", journal::Verdict::kWaiting,
                                 gate.reason, {{"revision", wish.revision}});
  }).IgnoreError();
}

void SyncGuard::Rest(const EnvironmentState& environment) {
  const SyncControl& control = environment.sync;
  if (control.held.hold == sync::Hold::kNone) return;
  db::RunTx(parts_.pool, "sync.rest", kTxTime, [&](db::Tx& tx) {
    return syncs::SetHold(tx, environment.where, {});
  }).IgnoreError();
}

absl::Status SyncGuard::Worked(db::Tx& tx, const EnvironmentState& environment,
                               const std::optional<Deployment>& deployment) {
  const SyncControl& control = environment.sync;
  if (control.held.hold != sync::Hold::kNone) {
    SLIPWAY_RETURN_IF_ERROR(syncs::SetHold(tx, environment.where, {}));
  }
  if (control.retry.failures > 0) {
    SLIPWAY_RETURN_IF_ERROR(syncs::SetRetry(tx, environment.where, {}));
  }
  if (control.asked_by.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(syncs::Answered(tx, environment.where, control.asked_at));
  if (!deployment) return absl::OkStatus();
  return parts_.lifecycle.Note(tx, *deployment, "sync.by_hand", journal::Verdict::kDone,
                               control.asked_by + " asked for a sync, and Git was applied");
}

absl::StatusOr<absl::Duration> SyncGuard::Failed(db::Tx& tx, const EnvironmentState& environment,
                                                 const std::string& revision, bool for_good) {
  const absl::Time now = parts_.clock.Now();
  sync::RetryState retry =
      sync::AfterFailure(environment.sync.retry, revision, kRetry, now, Fraction());
  if (for_good) {
    retry.next = absl::InfiniteFuture();
    if (!environment.sync.asked_by.empty()) {
      SLIPWAY_RETURN_IF_ERROR(syncs::Answered(tx, environment.where, environment.sync.asked_at));
    }
  }
  SLIPWAY_RETURN_IF_ERROR(syncs::SetRetry(tx, environment.where, retry));
  return std::min(retry.next - now, kAskAgain);
}

}  // namespace slipway::gitops
