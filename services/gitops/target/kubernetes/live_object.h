#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "libs/kube/health.h"
#include "libs/kube/managed_fields.h"
#include "libs/kube/object.h"

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

}  // namespace slipway::gitops::kubernetes
