#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/kube/health.h"
#include "libs/kube/managed_fields.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/names.h"

namespace slipway::gitops::kubernetes {

// What is kept of an object on a cluster: enough to tell drift and health, not the object. A value.
struct LiveObject {
  bool exists = false;
  bool deleting = false;
  std::string uid = {};
  uint64_t resource_version = 0;  // 0: not a number, so nothing is known about its age
  kube::Observation seen = {};
  kube::Health health = {};
  // Of one that is being deleted, or is gone: how it would be otherwise, for those that end by
  // being deleted.
  kube::Health last = {};

  // Equal but for what changes with every write.
  bool SameAs(const LiveObject& other) const;
};

// What `live` shows to the manager of our fields.
LiveObject ToLive(const kube::Object& live, std::string_view manager,
                  const kube::HealthOptions& options);

// The objects of one cluster that are in the inventory, as they were seen last. Others are not
// kept, so that memory follows what is ours. Owned by Cluster; thread-safe.
class LiveIndex {
 public:
  // From now on the object is kept; whose it is may change.
  void Follow(const kube::ObjectId& id, const AppEnvironment& owner);
  void Forget(const kube::ObjectId& id);
  bool Follows(const kube::ObjectId& id) const;

  // Empty: it was not seen yet.
  std::optional<LiveObject> Find(const kube::ObjectId& id) const;

  // Notes what a watch or an answer showed, unless something newer is known. The owner, if it has
  // reason to look: drift or health may be another one now.
  std::optional<AppEnvironment> Put(const kube::ObjectId& id, LiveObject live);

  // Owners of followed objects of a kind.
  std::vector<AppEnvironment> OwnersOf(std::string_view group, std::string_view kind) const;
  size_t size() const;

 private:
  struct Entry {
    AppEnvironment owner = {};
    std::optional<LiveObject> live = {};
  };

  mutable Mutex mu_;
  std::map<kube::ObjectId, Entry> entries_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops::kubernetes
