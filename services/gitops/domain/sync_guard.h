#pragma once

#include <optional>
#include <string>

#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/sync_policies.h"
#include "services/gitops/sync/sync_gate.h"

namespace slipway::gitops {

// Stands before every write of the Syncer: asks the gate (sync/sync_gate.h) with what is stored and
// defined, and keeps what it said where people see it, in the environment's row, the reason of the
// deployment that waits, and the journal. Keeps the back-off of failed tries, too. Owned by Syncer;
// thread-safe for different environments.
class SyncGuard {
 public:
  struct Parts {
    Clock& clock;
    db::Pool& pool;
    Lifecycle& lifecycle;
    SyncPolicies& policies;
  };
  explicit SyncGuard(Parts parts) : parts_(parts) {}

  // A write that is wanted. The references live as long as the call.
  struct Wish {
    const EnvironmentState& environment;
    const std::optional<Deployment>& deployment;  // the newest
    std::string revision = {};                    // tree id of what would be applied
    sync::Cause cause = sync::Cause::kCommit;
    std::optional<absl::Time> began = {};  // of a sync that is under way
  };
  struct Refusal {
    sync::Hold hold = sync::Hold::kNone;
    absl::Duration wait = {};  // until it is to be asked again
  };
  // Empty: go on.
  std::optional<Refusal> Refuses(const Wish& wish);

  // Nothing is wanted: what stood against a write is forgotten.
  void Rest(const EnvironmentState& environment);

  // A try worked: within the transaction that says so.
  absl::Status Worked(db::Tx& tx, const EnvironmentState& environment,
                      const std::optional<Deployment>& deployment);

  // A try failed: within the transaction that says so; how long until the next one. `for_good`: no
  // try of this revision can help, so there is none until a person asks for it.
  absl::StatusOr<absl::Duration> Failed(db::Tx& tx, const EnvironmentState& environment,
                                        const std::string& revision, bool for_good);

 private:
  sync::GateFacts FactsOf(const Wish& wish);
  void Note(const Wish& wish, const sync::SyncGate& gate);

  const Parts parts_;
};

}  // namespace slipway::gitops
