#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/holdings.h"
#include "services/gitops/store/lease_store.h"

namespace slipway::gitops {

// Shares the clusters with the other replicas: each is worked on by the one that holds its lease,
// which is renewed as long as the process lives. Who joins gets its share handed over, the one that
// held it ending its work first; what a killed one held is taken when its lease ends, and what this
// instance held before it was restarted at once. "local" is worked on by the one that leads. Owned
// by App; thread-safe.
class ClusterLeases final : public Holdings {
 public:
  struct Options {
    std::string instance = {};
    absl::Duration lease = absl::Seconds(9);
    absl::Duration heartbeat = absl::Seconds(3);
  };
  // Called on the thread of this object, and by Start.
  struct Callbacks {
    std::function<void(const std::string& cluster)> gained;
    // Nothing is written there any more; what is kept of it is to be dropped.
    std::function<void(const std::string& cluster)> lost;
    // The others should look at the leases: something is free, or one more is at work.
    std::function<void()> changed;
  };
  ClusterLeases(db::Pool& pool, Options options, Callbacks callbacks);
  ~ClusterLeases() { Stop(); }

  // Begins with one pass, so that what is to be had is held when it returns.
  void Start();
  // Renews nothing any more; what is held ends by itself.
  void Stop();
  // After Stop, and when nothing works any more: others need not wait.
  void Release();
  void Wake() { loop_.Wake(); }

  // This process leads.
  void Lead();
  // No other replica is at work, as far as is known.
  bool alone() const;
  // The clusters that are this process's.
  std::vector<std::string> held() const;
  const std::string& session() const { return holder_.session; }

  Work Enter(const std::string& cluster) override;
  std::shared_ptr<const ClusterLease> LeaseOn(const std::string& cluster) override;

 private:
  struct Entry {
    std::shared_ptr<ClusterLease> lease;
    int uses = 0;
    int64_t ending = 0;  // since when it is being handed over; 0: it is not
  };
  // What one transaction brought.
  struct Look {
    bool named = false;
    std::vector<leases::Held> held = {};
    leases::Standing standing = {};
    int share = 0;
  };

  absl::Duration Pass();
  absl::StatusOr<Look> Exchange(const std::vector<std::string>& wanted);
  // Ends those to be handed over on which nobody works any more.
  void EndIdle();
  void Take(const Look& look, int64_t until);
  // Whether some are to be handed over.
  bool HandOver(const Look& look);
  void Leave(const std::string& cluster, const ClusterLease* lease);

  db::Pool& pool_;
  const Options options_;
  const leases::Holder holder_;
  const Callbacks callbacks_;
  bool first_ = true;                  // of the thread that passes, as the next ones
  bool named_ = true;                  // as was logged
  std::vector<std::string> released_;  // ended here, not yet in the database
  std::map<std::string, int> replicas_;
  const std::shared_ptr<const ClusterLease> local_ = std::make_shared<ClusterLease>();
  mutable Mutex mu_;
  bool leads_ SLIPWAY_GUARDED_BY(mu_) = false;
  bool alone_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::map<std::string, Entry> entries_ SLIPWAY_GUARDED_BY(mu_);
  std::set<std::string> known_ SLIPWAY_GUARDED_BY(mu_);   // clusters that have a row
  std::set<std::string> wanted_ SLIPWAY_GUARDED_BY(mu_);  // to be added
  WakeLoop loop_;
};

}  // namespace slipway::gitops
