#include "services/gitops/target/kubernetes/plan.h"

#include <algorithm>
#include <set>

#include "libs/base/status.h"
#include "libs/kube/client/apply.h"
#include "libs/kube/digest.h"
#include "services/gitops/sync/ignore_rules.h"
#include "services/gitops/sync/inventory.h"
#include "services/gitops/target/kubernetes/ingress_url.h"
#include "services/gitops/target/kubernetes/pull_secret.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

bool IsManifest(const std::string& file) {
  return file.ends_with(".yaml") || file.ends_with(".yml") || file.ends_with(".json");
}

bj::object& ObjectAt(bj::object& object, const char* key) {
  bj::value& value = object[key];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

void Mark(kube::Object& object, const std::string& app, const std::string& installation) {
  bj::object& metadata = ObjectAt(object.body(), "metadata");
  ObjectAt(metadata, "labels")[kManagedByLabel] = installation;
  ObjectAt(metadata, "annotations")[sync::kTrackingAnnotation] = sync::TrackingId(app, object.id());
}

std::string GenerateNameOf(const kube::Object& object) {
  const bj::object* metadata = kube::GetObject(object.body(), "metadata");
  return metadata != nullptr ? std::string(kube::GetString(*metadata, "generateName")) : "";
}

// A rule that comes or goes changes what is applied, also where the manifest stays as it is.
uint64_t DigestOf(const PlannedObject& planned) {
  kube::Digest digest;
  digest.Add('b', planned.body);
  for (const kube::IgnoreRule& rule : planned.ignored) {
    for (const std::string& pointer : rule.json_pointers) digest.Add('p', pointer);
    for (const std::string& manager : rule.managers) digest.Add('m', manager);
  }
  return digest.Finish();
}

std::vector<kube::IgnoreRule> RulesOf(const DesiredState& desired) {
  std::vector<kube::IgnoreRule> rules;
  for (const auto& ignored : desired.ignored) {
    rules.push_back(
        {.group = ignored.group(),
         .kind = ignored.kind(),
         .ns = ignored.namespace_(),
         .name = ignored.name(),
         .json_pointers = {ignored.json_pointers().begin(), ignored.json_pointers().end()},
         .managers = {ignored.managed_fields_managers().begin(),
                      ignored.managed_fields_managers().end()}});
  }
  return rules;
}

absl::StatusOr<std::vector<kube::ManifestObject>> ReadAll(const DesiredState& desired) {
  std::vector<kube::ManifestObject> items;
  for (const Manifest& manifest : desired.manifests) {
    if (!IsManifest(manifest.file)) continue;
    SLIPWAY_ASSIGN_OR_RETURN(auto read, kube::ReadManifest(manifest.file, manifest.text));
    std::move(read.begin(), read.end(), std::back_inserter(items));
  }
  return items;
}

}  // namespace

PlannedObject ToPlanned(const kube::Object& object) {
  return {.id = object.id(),
          .gvk = object.gvk(),
          .generate_name = GenerateNameOf(object),
          .role = sync::RoleOf(object),
          .options = sync::OptionsOf(object),
          .ignores_health = sync::IgnoresHealth(object)};
}

const PlannedObject* Plan::Find(const kube::ObjectId& id) const {
  for (const PlannedObject& object : objects) {
    if (!object.role.hook && object.id == id) return &object;
  }
  return nullptr;
}

std::vector<kube::ObjectId> Plan::Desired() const {
  std::vector<kube::ObjectId> desired;
  for (const PlannedObject& object : objects) {
    if (!object.role.hook && !object.role.skipped) desired.push_back(object.id);
  }
  return desired;
}

absl::StatusOr<Plan> MakePlan(const DesiredState& desired, const PlanOptions& options) {
  SLIPWAY_ASSIGN_OR_RETURN(auto items, ReadAll(desired));
  SLIPWAY_RETURN_IF_ERROR(kube::Normalise(
      items,
      {.default_namespace =
           desired.k8s_namespace.empty() ? desired.where.environment : desired.k8s_namespace,
       .scope = options.scope,
       .may_generate_name = [](const kube::Object& object) { return sync::RoleOf(object).hook; }}));
  Plan plan;
  std::vector<kube::Object> objects;
  for (kube::ManifestObject& item : items) {
    plan.scopes_known = plan.scopes_known && item.scope_known;
    objects.push_back(std::move(item.object));
  }
  auto secrets = AddPullSecrets(objects, desired.credentials, "slipway-pull-" + desired.where.app);
  std::move(secrets.begin(), secrets.end(), std::back_inserter(objects));
  plan.order = sync::OrderSync(objects);
  plan.url = UrlOfIngress(objects);
  const std::vector<kube::IgnoreRule> rules = RulesOf(desired);
  for (kube::Object& object : objects) {
    PlannedObject planned = ToPlanned(object);
    for (const kube::IgnoreRule& rule : rules) {
      if (sync::Applies(rule, planned.id)) planned.ignored.push_back(rule);
    }
    Mark(object, desired.where.Folder(), options.installation);
    planned.body = kube::ApplyBody(object.body());
    planned.content = DigestOf(planned);
    plan.objects.push_back(std::move(planned));
  }
  return plan;
}

kube::Impersonation AsWhom(const DesiredState& desired) {
  return {.user = desired.limits ? desired.limits->impersonate : ""};
}

}  // namespace slipway::gitops::kubernetes
