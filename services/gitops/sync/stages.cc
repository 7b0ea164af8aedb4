#include "services/gitops/sync/stages.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace slipway::gitops::sync {
namespace {

constexpr std::array<std::string_view, 36> kKindOrder = {"Namespace",
                                                         "NetworkPolicy",
                                                         "ResourceQuota",
                                                         "LimitRange",
                                                         "PodSecurityPolicy",
                                                         "PodDisruptionBudget",
                                                         "ServiceAccount",
                                                         "Secret",
                                                         "SecretList",
                                                         "ConfigMap",
                                                         "StorageClass",
                                                         "PersistentVolume",
                                                         "PersistentVolumeClaim",
                                                         "CustomResourceDefinition",
                                                         "ClusterRole",
                                                         "ClusterRoleList",
                                                         "ClusterRoleBinding",
                                                         "ClusterRoleBindingList",
                                                         "Role",
                                                         "RoleList",
                                                         "RoleBinding",
                                                         "RoleBindingList",
                                                         "Service",
                                                         "DaemonSet",
                                                         "Pod",
                                                         "ReplicationController",
                                                         "ReplicaSet",
                                                         "Deployment",
                                                         "HorizontalPodAutoscaler",
                                                         "StatefulSet",
                                                         "Job",
                                                         "CronJob",
                                                         "IngressClass",
                                                         "Ingress",
                                                         "",  // all others
                                                         "APIService"};

// Parts of a wave that follow each other.
enum class Step { kFoundation, kMain, kPods, kLast };

bool IsNamespace(const kube::ObjectId& id) { return id.group.empty() && id.kind == "Namespace"; }

bool IsDefinition(const kube::ObjectId& id) {
  return id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition";
}

Step StepOf(const kube::ObjectId& id) {
  if (IsNamespace(id) || IsDefinition(id)) return Step::kFoundation;
  if (kube::IsBuiltInGroup(id.group)) {
    if (id.ns.empty() && (id.kind.ends_with("Class") || id.kind == "ClusterRole" ||
                          id.kind == "ClusterRoleBinding")) {
      return Step::kFoundation;
    }
    if (id.kind == "Pod") return Step::kPods;
    if (id.kind == "APIService" || id.kind.ends_with("WebhookConfiguration")) return Step::kLast;
  }
  return Step::kMain;
}

// One object in one phase.
struct Task {
  size_t index = 0;
  kube::ObjectId id = {};
  Phase phase = Phase::kSync;
  int wave = 0;
  bool hook = false;

  std::pair<Phase, int> when() const { return {phase, wave}; }
};

// Group and kind that a definition defines.
std::pair<std::string, std::string> DefinedKind(const kube::Object& object) {
  const boost::json::object* spec = kube::GetObject(object.body(), "spec");
  const boost::json::object* names = spec ? kube::GetObject(*spec, "names") : nullptr;
  if (names == nullptr) return {};
  return {std::string(kube::GetString(*spec, "group")),
          std::string(kube::GetString(*names, "kind"))};
}

// Moves namespaces and definitions in front of the first that needs them.
void MoveFoundations(const std::vector<kube::Object>& objects, std::vector<Task>& tasks) {
  using When = std::pair<Phase, int>;
  std::map<std::string, When> first_in;
  std::map<std::pair<std::string, std::string>, When> first_of;
  const auto note = [](auto& map, const auto& key, When when) {
    const auto [entry, is_new] = map.emplace(key, when);
    if (!is_new) entry->second = std::min(entry->second, when);
  };
  for (const Task& task : tasks) {
    if (!task.id.ns.empty()) note(first_in, task.id.ns, task.when());
    note(first_of, std::pair{task.id.group, task.id.kind}, task.when());
  }
  for (Task& task : tasks) {
    if (task.hook) continue;
    When when = task.when();
    if (IsNamespace(task.id)) {
      const auto found = first_in.find(task.id.name);
      if (found != first_in.end()) when = std::min(when, found->second);
    }
    if (IsDefinition(task.id)) {
      const auto found = first_of.find(DefinedKind(objects[task.index]));
      if (found != first_of.end()) when = std::min(when, found->second);
    }
    std::tie(task.phase, task.wave) = when;
  }
}

std::vector<Stage> ToStages(std::vector<Task> tasks, bool multi_step) {
  const auto key = [](const Task& task) {
    return std::tuple(task.phase, task.wave, StepOf(task.id), KindRank(task.id));
  };
  std::stable_sort(tasks.begin(), tasks.end(), [&](const Task& a, const Task& b) {
    const auto key_a = key(a), key_b = key(b);
    if (key_a != key_b) return key_a < key_b;
    return std::tie(a.id.kind, a.id.ns, a.id.name) < std::tie(b.id.kind, b.id.ns, b.id.name);
  });
  std::vector<Stage> stages;
  Step step = Step::kFoundation;
  for (const Task& task : tasks) {
    const Step own = StepOf(task.id);
    const bool same_wave =
        !stages.empty() && stages.back().phase == task.phase && stages.back().wave == task.wave;
    if (!same_wave || own != step) {
      if (!stages.empty() && !same_wave && multi_step) stages.back().await = Await::kHealthy;
      stages.push_back({task.phase,
                        task.wave,
                        own == Step::kFoundation ? Await::kEstablished : Await::kApplied,
                        {}});
      step = own;
    }
    stages.back().members.push_back(task.index);
  }
  if (!stages.empty() && multi_step) stages.back().await = Await::kHealthy;
  return stages;
}

}  // namespace

int KindRank(const kube::ObjectId& id) {
  const auto* const unknown = std::find(kKindOrder.begin(), kKindOrder.end(), "");
  const auto* found = kube::IsBuiltInGroup(id.group)
                          ? std::find(kKindOrder.begin(), kKindOrder.end(), id.kind)
                          : unknown;
  if (found == kKindOrder.end()) found = unknown;
  return static_cast<int>(found - kKindOrder.begin());
}

SyncOrder OrderSync(const std::vector<kube::Object>& objects) {
  SyncOrder order;
  std::vector<Task> tasks, fail_tasks;
  bool hooks = false;
  for (size_t i = 0; i < objects.size(); ++i) {
    const Role role = RoleOf(objects[i]);
    if (role.skipped || role.phases.empty()) order.never.push_back(i);
    if (role.skipped) continue;
    for (const Phase phase : role.phases) {
      if (phase == Phase::kPreDelete || phase == Phase::kPostDelete) continue;
      Task task{i, objects[i].id(), phase, role.wave, role.hook};
      hooks = hooks || role.hook;
      (phase == Phase::kSyncFail ? fail_tasks : tasks).push_back(std::move(task));
    }
  }
  MoveFoundations(objects, tasks);
  std::set<std::pair<Phase, int>> steps;
  for (const Task& task : tasks) steps.insert(task.when());
  order.multi_step = hooks || steps.size() > 1;
  order.stages = ToStages(std::move(tasks), order.multi_step);
  order.sync_fail = ToStages(std::move(fail_tasks), true);
  return order;
}

std::vector<Stage> OrderDeleteHooks(const std::vector<kube::Object>& objects, Phase phase) {
  std::vector<Task> tasks;
  for (size_t i = 0; i < objects.size(); ++i) {
    const Role role = RoleOf(objects[i]);
    if (!role.hook || std::find(role.phases.begin(), role.phases.end(), phase) == role.phases.end())
      continue;
    tasks.push_back({i, objects[i].id(), phase, role.wave, true});
  }
  return ToStages(std::move(tasks), true);
}

std::vector<std::vector<size_t>> OrderPrune(const std::vector<PruneItem>& items) {
  // When an item goes: the last of all last, waves backwards, the parts of a wave backwards,
  // namespaces after definitions.
  using When = std::tuple<bool, int, int, bool>;
  std::vector<When> when;
  for (const PruneItem& item : items) {
    when.emplace_back(item.last, item.last ? 0 : -item.wave, -static_cast<int>(StepOf(item.id)),
                      IsNamespace(item.id));
  }
  // Whatever their own wave: a definition takes all objects of its kind with it, a namespace all
  // that is in it, so both wait for these.
  std::map<std::string, When> last_of_group, last_in_namespace;
  const auto note = [](auto& map, const std::string& key, const When& time) {
    const auto [entry, is_new] = map.emplace(key, time);
    if (!is_new) entry->second = std::max(entry->second, time);
  };
  const auto wait_for = [&](const auto& map, const std::string& key, size_t i, bool ns) {
    const auto found = map.find(key);
    if (found == map.end() || found->second < when[i]) return;
    const auto [last, wave, step, unused] = found->second;
    when[i] = {last, wave, std::max(step, -static_cast<int>(Step::kFoundation)), ns};
  };
  for (size_t i = 0; i < items.size(); ++i) note(last_of_group, items[i].id.group, when[i]);
  for (size_t i = 0; i < items.size(); ++i) {
    // "widgets.example.com" defines kinds of the group "example.com".
    if (!IsDefinition(items[i].id)) continue;
    const size_t dot = items[i].id.name.find('.');
    if (dot == std::string::npos) continue;
    wait_for(last_of_group, items[i].id.name.substr(dot + 1), i, false);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].id.ns.empty()) note(last_in_namespace, items[i].id.ns, when[i]);
  }
  for (size_t i = 0; i < items.size(); ++i) {
    if (IsNamespace(items[i].id)) wait_for(last_in_namespace, items[i].id.name, i, true);
  }

  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (when[a] != when[b]) return when[a] < when[b];
    const int rank_a = KindRank(items[a].id), rank_b = KindRank(items[b].id);
    if (rank_a != rank_b) return rank_a > rank_b;
    return items[b].id < items[a].id;
  });
  std::vector<std::vector<size_t>> stages;
  for (const size_t i : order) {
    if (stages.empty() || when[stages.back().front()] != when[i]) stages.emplace_back();
    stages.back().push_back(i);
  }
  return stages;
}

}  // namespace slipway::gitops::sync
