#include "services/gitops/domain/limits_check.h"

#include "libs/base/status.h"
#include "libs/kube/manifest.h"
#include "services/gitops/domain/errors.h"

namespace slipway::gitops {

absl::Status CheckLimits(const DesiredState& desired, const std::vector<kube::ObjectId>& objects) {
  if (!desired.limits) return absl::OkStatus();
  const std::vector<std::string> breaches = sync::BreachesOf(
      *desired.limits, desired.where.project,
      {.source_repo = desired.source_repo, .cluster = desired.cluster, .objects = objects});
  return breaches.empty() ? absl::OkStatus() : ProjectLimitsBreached(desired.where, breaches);
}

absl::Status CheckLimitsOfManifests(const DesiredState& desired) {
  if (!desired.limits) return absl::OkStatus();
  std::vector<kube::ObjectId> objects;
  for (const Manifest& manifest : desired.manifests) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto read, kube::ReadManifest(manifest.file, manifest.text));
    for (const kube::ManifestObject& one : read) {
      kube::ObjectId id = one.object.id();
      if (id.ns.empty()) id.ns = desired.k8s_namespace;
      objects.push_back(std::move(id));
    }
  }
  return CheckLimits(desired, objects);
}

}  // namespace slipway::gitops
