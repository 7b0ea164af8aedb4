#include "services/gitops/target/kubernetes/ignored_fields.h"

#include "libs/kube/client/apply.h"
#include "services/gitops/sync/ignore_rules.h"
#include "services/gitops/sync/inventory.h"
#include "services/gitops/target/kubernetes/batch.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

// Puts metadata.MAP.KEY of one object into another.
void Keep(const kube::Object& from, const char* map, const char* key, kube::Object& to) {
  const bj::object* metadata = kube::GetObject(from.body(), "metadata");
  const bj::object* values = metadata == nullptr ? nullptr : kube::GetObject(*metadata, map);
  const bj::value* value = values == nullptr ? nullptr : values->if_contains(key);
  if (value == nullptr) return;
  bj::value& place = to.body()["metadata"].get_object()[map];
  if (!place.is_object()) place.emplace_object();
  place.get_object()[key] = *value;
}

}  // namespace

std::string BodyBeside(const PlannedObject& planned, const kube::Object* live,
                       const std::string& manager) {
  if (planned.ignored.empty() || live == nullptr) return planned.body;
  const auto desired = ReadObject(planned.body);
  if (!desired.ok()) return planned.body;
  kube::Object payload = sync::ApplyIgnoreRules(planned.ignored, *desired, live, manager).payload;
  Keep(*desired, "labels", kManagedByLabel, payload);
  Keep(*desired, "annotations", sync::kTrackingAnnotation, payload);
  return kube::ApplyBody(payload.body());
}

std::vector<Payload> PayloadsOf(const DesiredState& desired,
                                const std::vector<const PlannedObject*>& objects,
                                const std::vector<kube::Target>& targets, Cluster& cluster,
                                const std::string& manager, absl::Duration timeout) {
  std::vector<Payload> payloads;
  std::vector<size_t> looked_at;
  std::vector<kube::Target> asked;
  for (const PlannedObject* planned : objects) {
    if (!planned->ignored.empty()) {
      looked_at.push_back(payloads.size());
      asked.push_back(targets[payloads.size()]);
    }
    payloads.push_back({.body = planned->body});
  }
  if (looked_at.empty()) return payloads;
  kube::ObjectApi::GetOptions get;
  get.owner = desired.where.Folder();
  get.timeout = timeout;
  std::vector<kube::Answer> answers = GetAll(cluster.api(), asked, get);
  for (size_t i = 0; i < looked_at.size(); ++i) {
    Payload& payload = payloads[looked_at[i]];
    if (answers[i].outcome == kube::Outcome::kNotFound) continue;
    if (!answers[i].ok()) {
      payload.failed = std::move(answers[i]);
      continue;
    }
    auto live = ReadObject(answers[i].body);
    if (!live.ok()) {
      payload.failed = {.error = live.status()};
      continue;
    }
    payload.body = BodyBeside(*objects[looked_at[i]], &*live, manager);
    payload.live = *std::move(live);
  }
  return payloads;
}

}  // namespace slipway::gitops::kubernetes
