#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"

// Which replicas are at work, and which of them works on which cluster. Time is the database's.
// Functions within the caller's transaction.
namespace slipway::gitops::leases {

// A process and what it asks for. A value.
struct Holder {
  std::string instance = {};  // stable over restarts
  std::string session = {};   // of this process alone
  absl::Duration lease = {};
};

// A cluster and the number of its holder.
struct Held {
  std::string cluster = {};
  int64_t fence = 0;
};

// Says that it is at work. False: another process goes by the name of its instance; a process that
// has just started (`first`) takes the name.
absl::StatusOr<bool> Announce(db::Tx& tx, const Holder& holder, bool first);
// Those it holds, for another while; also when that was over, if nobody took them.
absl::StatusOr<std::vector<Held>> Renew(db::Tx& tx, const Holder& holder);
// Takes those that an earlier process of the same name held.
absl::Status Reclaim(db::Tx& tx, const Holder& holder);
// Takes free ones.
absl::StatusOr<std::vector<Held>> Take(db::Tx& tx, const Holder& holder, int64_t most);
// Gives some of its own back.
absl::Status Release(db::Tx& tx, const Holder& holder, const std::vector<std::string>& clusters);
// Is not at work any more, and holds nothing.
absl::Status Leave(db::Tx& tx, const Holder& holder);

// Clusters that are worked on from now on.
absl::Status Add(db::Tx& tx, const std::vector<std::string>& clusters);
// Forgets clusters on which nothing is, and replicas that have long been gone.
absl::Status Sweep(db::Tx& tx);

// How it stands. A value.
struct Standing {
  std::vector<std::string> clusters = {};    // all
  std::map<std::string, int> replicas = {};  // at work: how many clusters each holds
  // When a lease of another one ends, unless it is renewed, from now.
  absl::Duration next_end = absl::InfiniteDuration();
};
absl::StatusOr<Standing> Read(db::Tx& tx, const Holder& holder);

// Whether the holder of this number is the one whose turn it is.
absl::StatusOr<bool> IsHolder(db::Tx& tx, const Held& held);

}  // namespace slipway::gitops::leases
