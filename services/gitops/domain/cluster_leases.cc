#include "services/gitops/domain/cluster_leases.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/shares.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(5);
constexpr absl::Duration kRetry = absl::Milliseconds(500);
// Work that does not end for so long is not waited for: its writes are refused from then on.
constexpr absl::Duration kPatience = absl::Seconds(5);

}  // namespace

ClusterLeases::ClusterLeases(db::Pool& pool, Options options, Callbacks callbacks)
    : pool_(pool),
      options_(std::move(options)),
      holder_{options_.instance, NewUlid(absl::Now()), options_.lease},
      callbacks_(std::move(callbacks)),
      loop_([this](const std::stop_token&) { return Pass(); }) {}

void ClusterLeases::Start() {
  Pass();
  loop_.Start();
}

void ClusterLeases::Stop() { loop_.Stop(); }

void ClusterLeases::Release() {
  std::vector<std::string> held;
  {
    MutexLock lock(mu_);
    for (auto& [cluster, entry] : entries_) {
      entry.lease->End();
      held.push_back(cluster);
    }
    entries_.clear();
  }
  for (const std::string& cluster : held) callbacks_.lost(cluster);
  db::RunTx(pool_, "leases.leave", kTxTime, [&](db::Tx& tx) {
    return leases::Leave(tx, holder_);
  }).IgnoreError();
  callbacks_.changed();
}

void ClusterLeases::Lead() {
  MutexLock lock(mu_);
  leads_ = true;
}

bool ClusterLeases::alone() const {
  MutexLock lock(mu_);
  return alone_;
}

std::vector<std::string> ClusterLeases::held() const {
  std::vector<std::string> clusters;
  MutexLock lock(mu_);
  for (const auto& [cluster, entry] : entries_) clusters.push_back(cluster);
  return clusters;
}

Holdings::Work ClusterLeases::Enter(const std::string& cluster) {
  if (cluster == kLocalCluster) return LeaseOn(cluster);
  const std::shared_ptr<const ClusterLease> lease = LeaseOn(cluster);
  if (lease == nullptr) return nullptr;
  {
    MutexLock lock(mu_);
    const auto found = entries_.find(cluster);
    if (found == entries_.end() || found->second.lease != lease || found->second.ending != 0)
      return nullptr;
    ++found->second.uses;
  }
  return Work(lease.get(), [this, lease](const void*) { Leave(lease->cluster(), lease.get()); });
}

void ClusterLeases::Leave(const std::string& cluster, const ClusterLease* lease) {
  bool last = false;
  {
    MutexLock lock(mu_);
    const auto found = entries_.find(cluster);
    if (found == entries_.end() || found->second.lease.get() != lease) return;
    last = --found->second.uses == 0 && found->second.ending != 0;
  }
  if (last) Wake();
}

std::shared_ptr<const ClusterLease> ClusterLeases::LeaseOn(const std::string& cluster) {
  {
    MutexLock lock(mu_);
    if (cluster == kLocalCluster) return leads_ ? local_ : nullptr;
    const auto found = entries_.find(cluster);
    if (found != entries_.end()) return found->second.lease;
    if (known_.contains(cluster) || !wanted_.insert(cluster).second) return nullptr;
  }
  Wake();
  return nullptr;
}

absl::StatusOr<ClusterLeases::Look> ClusterLeases::Exchange(
    const std::vector<std::string>& wanted) {
  return db::RunTx(pool_, "leases.pass", kTxTime, [&](db::Tx& tx) -> absl::StatusOr<Look> {
    Look look;
    SLIPWAY_ASSIGN_OR_RETURN(look.named, leases::Announce(tx, holder_, first_));
    if (!look.named) return look;
    if (first_) {
      SLIPWAY_RETURN_IF_ERROR(leases::Reclaim(tx, holder_));
      SLIPWAY_RETURN_IF_ERROR(leases::Sweep(tx));
    }
    if (!wanted.empty()) SLIPWAY_RETURN_IF_ERROR(leases::Add(tx, wanted));
    if (!released_.empty()) SLIPWAY_RETURN_IF_ERROR(leases::Release(tx, holder_, released_));
    SLIPWAY_ASSIGN_OR_RETURN(look.held, leases::Renew(tx, holder_));
    SLIPWAY_ASSIGN_OR_RETURN(look.standing, leases::Read(tx, holder_));
    look.share = ShareOf(look.standing.replicas, static_cast<int>(look.standing.clusters.size()),
                         holder_.instance);
    const int missing = look.share - static_cast<int>(look.held.size());
    if (missing > 0) {
      SLIPWAY_ASSIGN_OR_RETURN(const auto taken, leases::Take(tx, holder_, missing));
      look.held.insert(look.held.end(), taken.begin(), taken.end());
    }
    return look;
  });
}

absl::Duration ClusterLeases::Pass() {
  EndIdle();
  std::vector<std::string> wanted;
  {
    MutexLock lock(mu_);
    wanted.assign(wanted_.begin(), wanted_.end());
  }
  // What is granted counts from before it was asked for, and ends here before it does elsewhere.
  const int64_t until =
      ClusterLease::Now() + absl::ToInt64Nanoseconds(options_.lease - options_.lease / 9);
  const auto look = Exchange(wanted);
  if (!look.ok()) {
    log::Warn("leases.failed", "are asked for again",
              {{"instance", holder_.instance}, {"error", MessageOf(look.status())}});
    return kRetry;
  }
  first_ = false;
  const bool freed = !std::exchange(released_, {}).empty();
  if (std::exchange(named_, look->named) != look->named) {
    log::Warn(look->named ? "leases.named" : "leases.name_taken",
              look->named ? "no other process has the name of this instance any more"
                          : "another process has the name of this instance, so this one works on "
                            "no cluster; give each an instance name of its own",
              {{"instance", holder_.instance}});
  }
  const bool met =
      look->standing.replicas.size() > 1 && look->standing.replicas.size() > replicas_.size();
  replicas_ = look->standing.replicas;
  {
    MutexLock lock(mu_);
    alone_ = look->named && look->standing.replicas.size() == 1;
    known_ = {look->standing.clusters.begin(), look->standing.clusters.end()};
    for (const std::string& cluster : wanted) wanted_.erase(cluster);
  }
  Take(*look, until);
  const bool busy = HandOver(*look);
  const bool others_too = !wanted.empty() && look->standing.replicas.size() > 1 && look->named;
  if (freed || met || others_too) callbacks_.changed();
  if (busy) return absl::ZeroDuration();
  const absl::Duration soon = look->standing.next_end + absl::Milliseconds(20);
  return std::clamp(soon, absl::Milliseconds(50), options_.heartbeat);
}

void ClusterLeases::EndIdle() {
  std::vector<std::string> ended;
  {
    MutexLock lock(mu_);
    const int64_t now = ClusterLease::Now();
    for (auto it = entries_.begin(); it != entries_.end();) {
      const Entry& entry = it->second;
      const bool late = now - entry.ending > absl::ToInt64Nanoseconds(kPatience);
      if (entry.ending == 0 || (entry.uses > 0 && !late)) {
        ++it;
        continue;
      }
      entry.lease->End();
      ended.push_back(it->first);
      it = entries_.erase(it);
    }
  }
  for (const std::string& cluster : ended) {
    log::Info("cluster.handed_over", "another replica works on it from now on",
              {{"cluster", cluster}});
    callbacks_.lost(cluster);
    released_.push_back(cluster);
  }
}

void ClusterLeases::Take(const Look& look, int64_t until) {
  std::vector<std::string> lost, gained;
  {
    MutexLock lock(mu_);
    std::map<std::string, Entry> kept;
    for (const leases::Held& held : look.held) {
      auto node = entries_.extract(held.cluster);
      const bool same = !node.empty() && node.mapped().lease->fence() == held.fence;
      if (!same) {
        if (!node.empty()) {
          node.mapped().lease->End();
          lost.push_back(held.cluster);
        }
        gained.push_back(held.cluster);
      }
      Entry entry = same ? std::move(node.mapped())
                         : Entry{std::make_shared<ClusterLease>(held.cluster, held.fence)};
      entry.lease->Extend(until);
      kept.emplace(held.cluster, std::move(entry));
    }
    for (auto& [cluster, entry] : entries_) {
      entry.lease->End();
      lost.push_back(cluster);
    }
    entries_ = std::move(kept);
  }
  for (const std::string& cluster : lost) {
    log::Warn("cluster.lost", "another replica works on it", {{"cluster", cluster}});
    callbacks_.lost(cluster);
  }
  for (const std::string& cluster : gained) {
    log::Info("cluster.gained", "this replica works on it", {{"cluster", cluster}});
    callbacks_.gained(cluster);
  }
}

bool ClusterLeases::HandOver(const Look& look) {
  MutexLock lock(mu_);
  int held = 0;
  for (const auto& [cluster, entry] : entries_) held += entry.ending == 0 ? 1 : 0;
  bool idle = false;
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it) {
    Entry& entry = it->second;
    if (entry.ending == 0 && held > look.share) {
      entry.ending = ClusterLease::Now();
      --held;
    }
    idle = idle || (entry.ending != 0 && entry.uses == 0);
  }
  return idle;
}

}  // namespace slipway::gitops
