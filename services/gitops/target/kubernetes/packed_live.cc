#include "services/gitops/target/kubernetes/packed_live.h"

namespace slipway::gitops::kubernetes {

PackedLive::PackedLive(const LiveObject& live)
    : resource_version_(live.resource_version),
      seen_(live.seen),
      health_(live.health.state),
      exists_(live.exists),
      deleting_(live.deleting) {
  const auto uuid = kube::ParseUuid(live.uid);
  has_uid_ = uuid.has_value();
  if (uuid) uid_ = *uuid;
  const bool same_last =
      live.last.state == live.health.state && live.last.message == live.health.message;
  if ((has_uid_ || live.uid.empty()) && live.health.message.empty() && same_last) return;
  rare_ = std::make_unique<Rare>(
      Rare{has_uid_ ? std::string() : live.uid, live.health.message, live.last});
}

LiveObject PackedLive::Unpack() const {
  LiveObject live{.exists = exists_,
                  .deleting = deleting_,
                  .resource_version = resource_version_,
                  .seen = seen_,
                  .health = {.state = health_},
                  .last = {.state = health_}};
  if (rare_ != nullptr) {
    live.uid = rare_->uid;
    live.health.message = rare_->message;
    live.last = rare_->last;
  }
  if (has_uid_) live.uid = kube::FormatUuid(uid_);
  return live;
}

}  // namespace slipway::gitops::kubernetes
