#include "services/gitops/domain/holdings.h"

#include <time.h>

#include <limits>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "services/gitops/store/lease_store.h"

namespace slipway::gitops {
namespace {

class AllOfThem final : public Holdings {
 public:
  Work Enter(const std::string&) override { return lease_; }
  std::shared_ptr<const ClusterLease> LeaseOn(const std::string&) override { return lease_; }

 private:
  const std::shared_ptr<const ClusterLease> lease_ = std::make_shared<ClusterLease>();
};

}  // namespace

ClusterLease::ClusterLease() : fence_(0), until_(std::numeric_limits<int64_t>::max()) {}

ClusterLease::ClusterLease(std::string cluster, int64_t fence)
    : cluster_(std::move(cluster)), fence_(fence), until_(0) {}

bool ClusterLease::Valid() const { return !ended_ && Now() < until_; }

absl::Status ClusterLease::Check(db::Tx& tx) const {
  if (fence_ == 0) return absl::OkStatus();
  if (Valid()) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool is_holder,
                             leases::IsHolder(tx, {.cluster = cluster_, .fence = fence_}));
    if (is_holder) return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kUnavailable,
                   "cluster \"" + cluster_ + "\" is another replica's now",
                   {.reason = "CLUSTER_NOT_HELD", .metadata = {}, .field_violations = {}});
}

void ClusterLease::Extend(int64_t until) { until_ = until; }

void ClusterLease::End() { ended_ = true; }

int64_t ClusterLease::Now() {
  timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Holdings& Unshared() {
  static AllOfThem all;
  return all;
}

}  // namespace slipway::gitops
