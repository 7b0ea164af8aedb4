#include "services/gitops/target/kubernetes/explainer.h"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "absl/time/clock.h"
#include "libs/json/json.h"
#include "libs/kube/health.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;

constexpr json::Limits kListLimits{.max_bytes = 16 << 20, .max_depth = 100};
constexpr int kMostPods = 50;
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr absl::Duration kShortest = absl::Seconds(2);
constexpr absl::Duration kLongest = absl::Seconds(30);

const bj::object* Part(const bj::object* object, const char* key) {
  return object != nullptr ? kube::GetObject(*object, key) : nullptr;
}

}  // namespace

std::string PodSelectorOf(const PlannedObject& planned) {
  if (planned.gvk.group == "batch" && planned.gvk.kind == "Job") {
    return "batch.kubernetes.io/job-name=" + planned.id.name;
  }
  if (planned.gvk.group != "apps") return "";
  const auto body = json::Parse(planned.body, kListLimits);
  if (!body.ok() || !body->is_object()) return "";
  const bj::object* labels =
      Part(Part(Part(&body->get_object(), "spec"), "selector"), "matchLabels");
  std::string selector;
  if (labels == nullptr) return selector;
  for (const bj::key_value_pair& label : *labels) {
    if (!label.value().is_string()) continue;
    if (!selector.empty()) selector += ",";
    selector += std::string(label.key()) + "=" + std::string(label.value().get_string());
  }
  return selector;
}

std::string ProblemOf(std::string_view pods) {
  auto list = json::Parse(pods, kListLimits);
  if (!list.ok() || !list->is_object()) return "";
  bj::value* items = list->get_object().if_contains("items");
  if (items == nullptr || !items->is_array()) return "";
  std::vector<kube::Object> all;
  for (bj::value& item : items->get_array()) {
    if (!item.is_object()) continue;
    kube::Object pod(std::move(item.get_object()));
    pod.body()["apiVersion"] = "v1";
    pod.body()["kind"] = "Pod";
    if (!pod.deleting()) all.push_back(std::move(pod));
  }
  std::stable_sort(all.begin(), all.end(), [](const kube::Object& a, const kube::Object& b) {
    return a.created() > b.created();
  });
  std::string progress;
  for (const kube::Object& pod : all) {
    const kube::Health health = kube::AssessHealth(pod);
    if (health.state == kube::HealthState::kDegraded && !health.message.empty()) {
      return health.message;
    }
    if (progress.empty() && health.state == kube::HealthState::kProgressing) {
      progress = health.message;
    }
  }
  return progress;
}

void Explainer::Settle(const AppEnvironment& owner) {
  MutexLock lock(state_->mu);
  state_->known.erase(owner);
}

Explainer::Explanation Explainer::Explain(const AppEnvironment& owner,
                                          const PlannedObject& planned) {
  const absl::Time now = absl::Now();
  {
    MutexLock lock(state_->mu);
    const auto found = state_->known.find(owner);
    const bool same = found != state_->known.end() && found->second.id == planned.id;
    if (same && (found->second.asking || now < found->second.next)) {
      return {found->second.text, std::max(kShortest, found->second.next - now)};
    }
  }
  const std::string selector = PodSelectorOf(planned);
  const auto resource = cluster_.discovery().FindKnown("", "v1", "Pod");
  if (selector.empty() || !resource) return {};
  Explanation explanation;
  {
    MutexLock lock(state_->mu);
    Known& known = state_->known[owner];
    // What gets healthy within moments needs no explanation.
    if (known.id != planned.id) {
      known = {.id = planned.id, .next = now + kPatience};
      return {"", kPatience};
    }
    known.pause = std::clamp(known.pause * 2, kShortest, kLongest);
    known.next = now + known.pause;
    known.asking = true;
    explanation = {known.text, known.pause};
  }
  kube::ObjectApi::ListOptions options;
  options.owner = owner.Folder();
  options.label_selector = selector;
  options.limit = kMostPods;
  cluster_.api().List(
      *resource, planned.id.ns, options,
      [state = state_, id = planned.id, owner, &cluster = cluster_](const kube::Answer& answer) {
        const std::string problem = answer.ok() ? ProblemOf(answer.body) : "";
        {
          MutexLock lock(state->mu);
          const auto known = state->known.find(owner);
          if (known == state->known.end() || known->second.id != id) return;
          known->second.asking = false;
          if (known->second.text == problem) return;
          known->second.text = problem;
        }
        cluster.Tell(owner);
      });
  return explanation;
}

}  // namespace slipway::gitops::kubernetes
