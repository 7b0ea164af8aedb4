#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "libs/db/tx.h"

namespace slipway::gitops {

// The right to write to one cluster for a while, kept up by who renews it. Once it has ended it
// stays so: who gets the cluster again has another one. Thread-safe.
class ClusterLease {
 public:
  // One that never ends, where there is nobody to share with.
  ClusterLease();
  ClusterLease(std::string cluster, int64_t fence);

  const std::string& cluster() const { return cluster_; }
  int64_t fence() const { return fence_; }
  // By a clock that goes on while the process is stopped or the machine sleeps: false as soon as
  // another replica may have it, so it is asked before each write.
  bool Valid() const;
  // The same as the database knows it, for writes of rows. UNAVAILABLE: it is another's.
  absl::Status Check(db::Tx& tx) const;

  // For who renews it. `until` as of Now, in nanoseconds.
  void Extend(int64_t until);
  void End();
  static int64_t Now();

 private:
  const std::string cluster_;
  const int64_t fence_;  // 0: it never ends
  std::atomic<int64_t> until_;
  std::atomic<bool> ended_ = false;
};

// On which clusters this process works. Thread-safe.
class Holdings {
 public:
  virtual ~Holdings() = default;

  // Begins to work on a cluster, or on this machine ("local"); what is returned ends it. Null: it
  // is another replica's, or nobody's yet.
  using Work = std::shared_ptr<const void>;
  virtual Work Enter(const std::string& cluster) = 0;
  // Null: as Enter.
  virtual std::shared_ptr<const ClusterLease> LeaseOn(const std::string& cluster) = 0;

  bool Holds(const std::string& cluster) { return LeaseOn(cluster) != nullptr; }
};

// Everything is this process's.
Holdings& Unshared();

}  // namespace slipway::gitops
