#include "services/gitops/target/kubernetes/live_object.h"

#include <charconv>

namespace slipway::gitops::kubernetes {

bool LiveObject::SameAs(const LiveObject& other) const {
  return exists == other.exists && deleting == other.deleting && uid == other.uid &&
         kube::Compare(seen, other.seen) == kube::Drift::kNone &&
         seen.generation == other.seen.generation && health.state == other.health.state &&
         health.message == other.health.message;
}

LiveObject ToLive(const kube::Object& live, std::string_view manager,
                  const kube::HealthOptions& options) {
  LiveObject result{.exists = true,
                    .deleting = live.deleting(),
                    .uid = std::string(live.uid()),
                    .seen = kube::Observe(live.body(), manager),
                    .health = kube::AssessHealth(live, options)};
  if (result.deleting) {
    kube::Object before = live;
    before.body()["metadata"].get_object().erase("deletionTimestamp");
    result.last = kube::AssessHealth(before, options);
  } else {
    result.last = result.health;
  }
  const std::string_view version = live.resource_version();
  const auto read =
      std::from_chars(version.data(), version.data() + version.size(), result.resource_version);
  if (read.ec != std::errc()) result.resource_version = 0;
  return result;
}

}  // namespace slipway::gitops::kubernetes
