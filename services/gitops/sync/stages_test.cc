#include "services/gitops/sync/stages.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

constexpr char kWave[] = "argocd.argoproj.io/sync-wave";
constexpr char kHook[] = "argocd.argoproj.io/hook";

// "apps/v1 Deployment shop/api", "v1 Namespace shop".
kube::Object Make(const std::string& what,
                  const std::vector<std::pair<const char*, const char*>>& annotations = {}) {
  const size_t first = what.find(' '), second = what.find(' ', first + 1);
  const std::string path = what.substr(second + 1);
  const size_t slash = path.find('/');
  boost::json::object metadata;
  if (slash != std::string::npos) metadata["namespace"] = path.substr(0, slash);
  metadata["name"] = slash == std::string::npos ? path : path.substr(slash + 1);
  boost::json::object notes;
  for (const auto& [key, value] : annotations) notes[key] = value;
  metadata["annotations"] = notes;
  return kube::Object(boost::json::object{{"apiVersion", what.substr(0, first)},
                                          {"kind", what.substr(first + 1, second - first - 1)},
                                          {"metadata", metadata}});
}

kube::Object Definition(const char* group, const char* kind,
                        const std::vector<std::pair<const char*, const char*>>& notes = {}) {
  kube::Object object =
      Make("apiextensions.k8s.io/v1 CustomResourceDefinition x." + std::string(group), notes);
  object.body()["spec"] = {{"group", group}, {"names", {{"kind", kind}}}};
  return object;
}

// "PreSync 0 healthy: Job/a" for each stage.
std::vector<std::string> Show(const std::vector<Stage>& stages,
                              const std::vector<kube::Object>& objects) {
  static constexpr const char* kAwaits[] = {"applied", "established", "healthy"};
  std::vector<std::string> lines;
  for (const Stage& stage : stages) {
    std::string line = std::string(PhaseName(stage.phase)) + " " + std::to_string(stage.wave) +
                       " " + kAwaits[static_cast<int>(stage.await)] + ":";
    for (const size_t i : stage.members) {
      line += " " + std::string(objects[i].kind()) + "/" + std::string(objects[i].name());
    }
    lines.push_back(line);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST_CASE("An ordinary app is one stage, in the order of kinds and names") {
  const std::vector<kube::Object> objects = {
      Make("example.com/v1 Widget shop/w"), Make("networking.k8s.io/v1 Ingress shop/i"),
      Make("apps/v1 Deployment shop/b"),    Make("v1 Service shop/s"),
      Make("apps/v1 Deployment shop/a"),    Make("v1 ServiceAccount shop/sa")};
  const SyncOrder order = OrderSync(objects);
  CHECK_FALSE(order.multi_step);
  CHECK(Show(order.stages, objects) ==
        Lines{"Sync 0 applied: ServiceAccount/sa Service/s Deployment/a Deployment/b Ingress/i "
              "Widget/w"});
}

TEST_CASE("Foundations go first in their wave, bare pods and webhooks last") {
  const std::vector<kube::Object> objects = {
      Make("apiregistration.k8s.io/v1 APIService v1.x"),
      Make("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration hook"),
      Make("v1 Pod shop/p"),
      Make("apps/v1 Deployment shop/d"),
      Definition("example.com", "Widget"),
      Make("scheduling.k8s.io/v1 PriorityClass high"),
      Make("rbac.authorization.k8s.io/v1 ClusterRole r"),
      Make("v1 Namespace shop")};
  const SyncOrder order = OrderSync(objects);
  CHECK(Show(order.stages, objects) ==
        Lines{"Sync 0 established: Namespace/shop CustomResourceDefinition/x.example.com "
              "ClusterRole/r PriorityClass/high",
              "Sync 0 applied: Deployment/d", "Sync 0 applied: Pod/p",
              "Sync 0 applied: ValidatingWebhookConfiguration/hook APIService/v1.x"});
}

TEST_CASE("Phases and waves follow each other when all is healthy") {
  const std::vector<kube::Object> objects = {
      Make("batch/v1 Job shop/after", {{kHook, "PostSync"}}),
      Make("apps/v1 Deployment shop/second", {{kWave, "1"}}),
      Make("apps/v1 Deployment shop/first", {{kWave, "-1"}}),
      Make("batch/v1 Job shop/both", {{kHook, "PreSync,PostSync"}, {kWave, "2"}}),
      Make("batch/v1 Job shop/before", {{kHook, "PreSync"}}),
      Make("batch/v1 Job shop/failed", {{kHook, "SyncFail"}}),
      Make("batch/v1 Job shop/skipped", {{kHook, "Skip"}}),
      Make("batch/v1 Job shop/never", {{kHook, "Nonsense"}}),
      Make("batch/v1 Job shop/gone", {{kHook, "PostDelete"}})};
  const SyncOrder order = OrderSync(objects);
  CHECK(order.multi_step);
  CHECK(Show(order.stages, objects) ==
        Lines{"PreSync 0 healthy: Job/before", "PreSync 2 healthy: Job/both",
              "Sync -1 healthy: Deployment/first", "Sync 1 healthy: Deployment/second",
              "PostSync 0 healthy: Job/after", "PostSync 2 healthy: Job/both"});
  CHECK(Show(order.sync_fail, objects) == Lines{"SyncFail 0 healthy: Job/failed"});
  CHECK(order.never == std::vector<size_t>{6, 7});
  CHECK(Show(OrderDeleteHooks(objects, Phase::kPostDelete), objects) ==
        Lines{"PostDelete 0 healthy: Job/gone"});
  CHECK(OrderDeleteHooks(objects, Phase::kPreDelete).empty());
}

TEST_CASE("Namespaces and definitions come before the first that needs them") {
  const std::vector<kube::Object> objects = {
      Make("v1 Namespace shop", {{kWave, "5"}}), Make("v1 Namespace idle", {{kWave, "5"}}),
      Definition("example.com", "Widget", {{kWave, "5"}}),
      Make("batch/v1 Job shop/before", {{kHook, "PreSync"}, {kWave, "-2"}}),
      Make("example.com/v1 Widget shop/w", {{kWave, "1"}})};
  CHECK(Show(OrderSync(objects).stages, objects) ==
        Lines{"PreSync -2 established: Namespace/shop", "PreSync -2 healthy: Job/before",
              "Sync 1 established: CustomResourceDefinition/x.example.com",
              "Sync 1 healthy: Widget/w", "Sync 5 healthy: Namespace/idle"});
}

TEST_CASE("One hook alone makes a sync of several steps") {
  const std::vector<kube::Object> objects = {Make("batch/v1 Job shop/j", {{kHook, "Sync"}})};
  CHECK(OrderSync(objects).multi_step);
  CHECK(OrderSync({}).stages.empty());
  CHECK_FALSE(OrderSync({}).multi_step);
}

TEST_CASE("Deleting goes backwards") {
  const std::vector<PruneItem> items = {
      {{"", "Namespace", "", "shop"}},
      {{"apiextensions.k8s.io", "CustomResourceDefinition", "", "w"}},
      {{"", "Service", "shop", "s"}},
      {{"apps", "Deployment", "shop", "d"}},
      {{"example.com", "Widget", "shop", "w"}},
      {{"apps", "Deployment", "shop", "late"}, 3},
      {{"", "Secret", "shop", "last"}, 9, true},
      {{"", "ConfigMap", "shop", "early"}, -1}};
  // Definitions within their own wave, namespaces after all that is in them.
  CHECK(OrderPrune(items) == std::vector<std::vector<size_t>>{{5}, {4, 3, 2}, {1}, {7}, {6}, {0}});
  CHECK(OrderPrune({}).empty());
}

TEST_CASE("Definitions and namespaces go after what is in them, whatever their waves") {
  const std::vector<PruneItem> items = {
      {{"apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.example.com"}, 5},
      {{"example.com", "Widget", "shop", "w"}, -1},
      {{"", "Namespace", "", "shop"}, 5},
      {{"", "Secret", "shop", "kept"}, 0, true},
      {{"", "Namespace", "", "idle"}, 5},
      {{"apps", "Deployment", "other", "d"}, 0}};
  CHECK(OrderPrune(items) == std::vector<std::vector<size_t>>{{4}, {5}, {1}, {0}, {3}, {2}});
}

TEST_CASE("Kinds have Argo CD's ranks, and a foreign kind of the same name is unknown") {
  CHECK(KindRank({"", "Namespace", "", ""}) < KindRank({"", "Service", "", ""}));
  CHECK(KindRank({"", "Service", "", ""}) < KindRank({"apps", "Deployment", "", ""}));
  CHECK(KindRank({"networking.k8s.io", "Ingress", "", ""}) <
        KindRank({"example.com", "Widget", "", ""}));
  CHECK(KindRank({"serving.knative.dev", "Service", "", ""}) ==
        KindRank({"example.com", "Widget", "", ""}));
  CHECK(KindRank({"example.com", "Widget", "", ""}) <
        KindRank({"apiregistration.k8s.io", "APIService", "", ""}));
}

}  // namespace
}  // namespace slipway::gitops::sync
