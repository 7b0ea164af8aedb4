#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/kube/client/request.h"
#include "libs/kube/ignore_rule.h"
#include "libs/kube/manifest.h"
#include "libs/kube/object.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/sync/phases.h"
#include "services/gitops/sync/stages.h"

namespace slipway::gitops::kubernetes {

// The label that all our objects carry, with the installation as its value; what is watched is
// chosen by it. Never evidence for deleting.
inline constexpr char kManagedByLabel[] = "slipway.dev/managed-by";

// One object of an app as it is to be applied. A value.
struct PlannedObject {
  kube::ObjectId id = {};
  kube::Gvk gvk = {};
  std::string body = {};           // of the apply
  uint64_t content = 0;            // digest of the body, and of the rules
  std::vector<kube::IgnoreRule> ignored = {};  // those that are for it
  std::string generate_name = {};  // of a hook without a name
  sync::Role role = {};
  sync::SyncOptions options = {};
  bool ignores_health = false;
};

// What an object says of itself; the body is not filled in.
PlannedObject ToPlanned(const kube::Object& object);

// What one app in one environment shall have on its cluster, and in which order. A value.
struct Plan {
  std::vector<PlannedObject> objects = {};
  sync::SyncOrder order = {};  // indices into `objects`
  bool scopes_known = true;    // false: a kind is not served yet, so make it anew
  std::string url = {};        // of its Ingress; empty: it has none

  // Null: the plan has no such object, or it is a hook.
  const PlannedObject* Find(const kube::ObjectId& id) const;
  // Of all objects that are there while the app is, so without hooks and what is skipped.
  std::vector<kube::ObjectId> Desired() const;
};

struct PlanOptions {
  std::string installation = {};
  // Scope of a kind on the cluster; empty: it is not served.
  std::function<std::optional<kube::Scope>(const kube::Gvk&)> scope = {};
};

// Reads the manifests (files *.yaml, *.yml and *.json; others say nothing), fits them for applying
// and marks them as this app's. INVALID_ARGUMENT, reason MANIFEST_INVALID, "file:line: problem".
absl::StatusOr<Plan> MakePlan(const DesiredState& desired, const PlanOptions& options);

// As whom the app's objects are applied. Reading, deleting what was applied and making the
// environment's namespace need no rights of the project and are done as the cluster's credential.
kube::Impersonation AsWhom(const DesiredState& desired);

}  // namespace slipway::gitops::kubernetes
