#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "libs/kube/uuid.h"
#include "services/gitops/target/kubernetes/live_object.h"

namespace slipway::gitops::kubernetes {

// A LiveObject in 80 bytes: hundreds of thousands of them are kept. What is long and rare, such as
// why an object is not healthy, is apart. A value; not thread-safe.
class PackedLive {
 public:
  explicit PackedLive(const LiveObject& live);
  LiveObject Unpack() const;

 private:
  struct Rare {
    std::string uid = {};  // one that is no UUID
    std::string message = {};
    kube::Health last = {};
  };

  uint64_t resource_version_;
  kube::Observation seen_;
  kube::Uuid uid_ = {};
  std::unique_ptr<Rare> rare_;  // empty: none of it, and `last` is like `health`
  kube::HealthState health_;
  bool exists_;
  bool deleting_;
  bool has_uid_;
};

}  // namespace slipway::gitops::kubernetes
