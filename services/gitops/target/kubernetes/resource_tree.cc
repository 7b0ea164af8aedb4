#include "services/gitops/target/kubernetes/resource_tree.h"

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/status.h"
#include "libs/json/json.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/target/kubernetes/judge.h"

namespace slipway::gitops::kubernetes {
namespace {

namespace bj = boost::json;
namespace pb = slipway::gitops::v1;

constexpr json::Limits kListLimits{.max_bytes = 64 << 20, .max_depth = 100};
constexpr size_t kMostChildren = 2000;
constexpr int kMostEvents = 3;

// What controllers make of workloads, parents first.
constexpr std::pair<const char*, const char*> kChildKinds[] = {
    {"apps", "ReplicaSet"}, {"batch", "Job"}, {"", "Pod"}};

std::vector<kube::Object> List(Cluster& cluster, const std::string& owner,
                               const kube::ResourceInfo& resource, const std::string& ns,
                               const std::string& fields = "") {
  std::vector<kube::Object> found;
  kube::ObjectApi::ListOptions options;
  options.owner = owner;
  options.field_selector = fields;
  do {
    const kube::Answer answer = cluster.api().List(resource, ns, options);
    if (!answer.ok()) return found;
    auto list = json::Parse(answer.body, kListLimits);
    if (!list.ok() || !list->is_object()) return found;
    bj::object& body = list->get_object();
    bj::value* items = body.if_contains("items");
    if (items == nullptr || !items->is_array()) return found;
    for (bj::value& item : items->get_array()) {
      if (!item.is_object()) continue;
      kube::Object object(std::move(item.get_object()));
      object.body()["apiVersion"] = resource.gvk.api_version();
      object.body()["kind"] = resource.gvk.kind;
      found.push_back(std::move(object));
    }
    const bj::object* metadata = kube::GetObject(body, "metadata");
    options.continue_token =
        metadata != nullptr ? std::string(kube::GetString(*metadata, "continue")) : "";
  } while (!options.continue_token.empty() && found.size() < kMostChildren);
  return found;
}

void FillId(const kube::ObjectId& id, const std::string& version, pb::ResourceNode& node) {
  node.set_group(id.group);
  node.set_version(version);
  node.set_kind(id.kind);
  node.set_namespace_(id.ns);
  node.set_object_name(id.name);
}

void FillHealth(const kube::Health& health, pb::ResourceNode& node) {
  node.set_health(std::string(kube::HealthName(health.state)));
  node.set_message(health.message);
}

void AddOwn(const kube::ObjectId& id, const std::string& version,
            const std::optional<LiveObject>& live, const std::string& drift,
            pb::ResourceTree& tree) {
  pb::ResourceNode& node = *tree.add_nodes();
  FillId(id, version, node);
  node.set_drift(drift);
  if (!live) {
    node.set_health(std::string(kube::HealthName(kube::HealthState::kUnknown)));
  } else if (!live->exists) {
    node.set_health(std::string(kube::HealthName(kube::HealthState::kMissing)));
  } else {
    node.set_uid(live->uid);
    FillHealth(live->health, node);
  }
}

void AddChildren(Cluster& cluster, const std::string& owner, pb::ResourceTree& tree) {
  std::set<std::string> known, namespaces;
  for (const pb::ResourceNode& node : tree.nodes()) {
    if (!node.uid().empty()) known.insert(node.uid());
    if (!node.namespace_().empty()) namespaces.insert(node.namespace_());
  }
  for (const auto& [group, kind] : kChildKinds) {
    const auto resource = cluster.discovery().Find(group, "", kind);
    if (!resource.ok()) continue;
    for (const std::string& ns : namespaces) {
      for (const kube::Object& object : List(cluster, owner, *resource, ns)) {
        const std::string uid(object.uid());
        if (known.contains(uid)) continue;
        for (const kube::OwnerReference& parent : object.owners()) {
          if (!known.contains(parent.uid)) continue;
          known.insert(uid);
          pb::ResourceNode& node = *tree.add_nodes();
          FillId(object.id(), resource->gvk.version, node);
          node.set_uid(uid);
          node.set_parent_uid(parent.uid);
          FillHealth(kube::AssessHealth(object, cluster.health()), node);
          if (object.created() != absl::InfinitePast()) {
            *node.mutable_create_time() = rpc::ToTimestamp(object.created());
          }
          break;
        }
      }
    }
  }
}

void AddEvents(Cluster& cluster, const std::string& owner, pb::ResourceTree& tree) {
  std::map<std::string, pb::ResourceNode*> wanted;
  std::set<std::string> namespaces;
  for (pb::ResourceNode& node : *tree.mutable_nodes()) {
    if (node.uid().empty() || node.health() == "Healthy") continue;
    wanted[node.uid()] = &node;
    namespaces.insert(node.namespace_());
  }
  const auto resource = cluster.discovery().Find("", "v1", "Event");
  if (!resource.ok()) return;
  for (const std::string& ns : namespaces) {
    if (ns.empty()) continue;
    for (const kube::Object& event : List(cluster, owner, *resource, ns, "type=Warning")) {
      const bj::object* about = kube::GetObject(event.body(), "involvedObject");
      if (about == nullptr) continue;
      const auto found = wanted.find(std::string(kube::GetString(*about, "uid")));
      if (found == wanted.end() || found->second->events_size() >= kMostEvents) continue;
      found->second->add_events(std::string(kube::GetString(event.body(), "reason")) + ": " +
                                std::string(kube::GetString(event.body(), "message")));
    }
  }
}

}  // namespace

pb::ResourceTree TreeOf(const DesiredState& desired, const Plan& plan,
                        const Inventory::Entries& entries, Cluster& cluster) {
  pb::ResourceTree tree;
  tree.set_cluster(desired.cluster);
  tree.set_namespace_(desired.k8s_namespace);
  tree.set_desired_commit(desired.commit);
  for (const PlannedObject& planned : plan.objects) {
    if (planned.role.hook || planned.role.skipped) continue;
    const auto entry = entries.find(planned.id);
    const auto live = cluster.Find(planned.id);
    const Need need = NeedOf(planned, entry == entries.end() ? nullptr : &entry->second, live);
    std::string drift = need.drift;
    if (drift.empty() && need.kind == Need::Kind::kApply) drift = "not applied yet";
    AddOwn(planned.id, planned.gvk.version, live, drift, tree);
  }
  const sync::PruneDecision decision = PruneOf(plan, entries);
  for (const auto& [id, entry] : entries) {
    if (plan.Find(id) != nullptr) continue;
    std::string drift = "not in Git any more";
    if (!decision.closed.empty()) drift += "; kept: " + decision.closed;
    for (const sync::HeldObject& held : decision.held) {
      if (held.id == id) drift += "; kept: " + held.reason;
    }
    AddOwn(id, entry.version, cluster.Find(id), drift, tree);
  }
  AddChildren(cluster, desired.where.Folder(), tree);
  AddEvents(cluster, desired.where.Folder(), tree);
  return tree;
}

}  // namespace slipway::gitops::kubernetes
