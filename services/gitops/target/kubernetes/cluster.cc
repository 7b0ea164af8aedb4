#include "services/gitops/target/kubernetes/cluster.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

// How much later than it should the next failure of a watch may come.
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kLongestGap = absl::Minutes(1);

}  // namespace

// One watched kind. Called on the client's thread.
class Cluster::Follower final : public kube::ReflectorHandler {
 public:
  Follower(Cluster& cluster, const kube::ResourceInfo& resource, const std::string& ns)
      : cluster_(cluster),
        resource_(resource),
        gvk_(resource.gvk),
        everywhere_(ns.empty()),
        secret_(WatchesMetadataOnly(gvk_)),
        reflector_(*cluster.client_,
                   {.resource = resource,
                    .ns = ns,
                    .label_selector = cluster.options_.label_selector,
                    .metadata_only = secret_},
                   *this) {}

  void Start() { reflector_.Start(); }
  bool synced() const { return reflector_.synced(); }
  // The account may not watch it in all namespaces.
  bool refused() const {
    MutexLock lock(mu_);
    return everywhere_ && absl::IsPermissionDenied(trouble_);
  }
  absl::Status trouble() const {
    const bool synced = reflector_.synced();
    MutexLock lock(mu_);
    // A watch that works again is silent in quiet times: it is taken for that when the next failure
    // is overdue. One failure alone is how a watch ends.
    const absl::Duration gap = std::min(last_ - before_, kLongestGap);
    const bool again = absl::Now() < last_ + 3 * gap + kPatience;
    if (absl::IsPermissionDenied(trouble_)) return absl::OkStatus();
    return !synced || (failures_ > 1 && again) ? trouble_ : absl::OkStatus();
  }

  void OnChange(kube::Change change, const kube::ObjectView& view) override {
    const kube::ObjectId id{gvk_.group, gvk_.kind, std::string(view.ns), std::string(view.name)};
    if (!cluster_.live_.Follows(id)) return;
    if (change == kube::Change::kDeleted) {
      // An object that took the name meanwhile is another one.
      const auto known = cluster_.live_.Find(id);
      if (known && !known->uid.empty() && known->uid != view.uid) return;
      // A deletion that was missed has nothing to show but that.
      if (view.json.empty()) return Put(id, {});
    }
    auto object = ReadObject(view.json);
    if (!object.ok()) {
      log::Warn("kubernetes.object_unreadable", "is left out",
                {{"object", kube::Describe(id)}, {"error", MessageOf(object.status())}});
      return;
    }
    // Items of lists don't repeat what kind they are.
    object->body()["apiVersion"] = gvk_.api_version();
    object->body()["kind"] = gvk_.kind;
    LiveObject live = ToLive(*object, cluster_.options_.manager, cluster_.options_.health);
    if (secret_) live.seen = kube::ObserveMetadata(object->body(), cluster_.options_.manager);
    live.exists = change != kube::Change::kDeleted;
    Put(id, std::move(live));
  }

  void OnSynced() override {
    {
      MutexLock lock(mu_);
      trouble_ = absl::OkStatus();
      failures_ = 0;
    }
    for (const AppEnvironment& owner : cluster_.live_.OwnersOf(gvk_.group, gvk_.kind))
      cluster_.Tell(owner);
  }

  void OnTrouble(const absl::Status& problem) override {
    log::Warn("kubernetes.watch_failed", "is tried again",
              {{"kind", gvk_.kind},
               {"server", cluster_.client_->server()},
               {"error", MessageOf(problem)}});
    {
      MutexLock lock(mu_);
      before_ = std::exchange(last_, absl::Now());
      ++failures_;
      trouble_ = problem;
    }
    if (refused() && resource_.namespaced) {
      cluster_.client_->Post(
          [&cluster = cluster_, resource = resource_] { cluster.Narrow(resource); });
    }
  }

 private:
  void Put(const kube::ObjectId& id, LiveObject live) {
    {
      MutexLock lock(mu_);
      failures_ = 0;
    }
    if (const auto owner = cluster_.live_.Put(id, std::move(live))) cluster_.Tell(*owner);
  }

  Cluster& cluster_;
  const kube::ResourceInfo resource_;
  const kube::Gvk gvk_;
  const bool everywhere_;
  const bool secret_;
  mutable Mutex mu_;
  absl::Status trouble_ SLIPWAY_GUARDED_BY(mu_);
  int failures_ SLIPWAY_GUARDED_BY(mu_) = 0;  // since it last worked for sure
  absl::Time before_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
  absl::Time last_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
  kube::Reflector reflector_;  // last: it calls this object
};

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Create(Options options) {
  SLIPWAY_ASSIGN_OR_RETURN(auto client,
                           kube::Client::Create(options.access, {.guard = options.guard,
                                                                 .metrics = options.metrics,
                                                                 .user_agent = "slipway-gitops"}));
  return std::unique_ptr<Cluster>(new Cluster(std::move(options), std::move(client)));
}

Cluster::Cluster(Options options, std::unique_ptr<kube::Client> client)
    : options_(std::move(options)),
      client_(std::move(client)),
      discovery_(*client_),
      dispatcher_(*client_, {}, options_.metrics, options_.may_write),
      api_(dispatcher_) {}

Cluster::~Cluster() {
  std::map<Key, std::unique_ptr<Follower>> followers;
  {
    MutexLock lock(mu_);
    followers.swap(followers_);
  }
}

void Cluster::Watch(const kube::ResourceInfo& resource, const std::string& ns) {
  const std::string& group = resource.gvk.group;
  const std::string& kind = resource.gvk.kind;
  std::vector<Follower*> begun;
  {
    MutexLock lock(mu_);
    if (!ns.empty()) namespaces_[{group, kind}].insert(ns);
    auto& all = followers_[{group, kind, ""}];
    if (!all) {
      all = std::make_unique<Follower>(*this, resource, "");
      begun.push_back(all.get());
    }
    if (!ns.empty() && all->refused()) {
      auto& one = followers_[{group, kind, ns}];
      if (!one) {
        one = std::make_unique<Follower>(*this, resource, ns);
        begun.push_back(one.get());
      }
    }
  }
  for (Follower* follower : begun) follower->Start();
}

void Cluster::Narrow(const kube::ResourceInfo& resource) {
  std::set<std::string> namespaces;
  {
    MutexLock lock(mu_);
    namespaces = namespaces_[{resource.gvk.group, resource.gvk.kind}];
  }
  for (const std::string& ns : namespaces) Watch(resource, ns);
}

bool Cluster::Synced(const kube::ObjectId& id) const {
  MutexLock lock(mu_);
  for (const std::string& ns : {std::string(), id.ns}) {
    const auto follower = followers_.find({id.group, id.kind, ns});
    if (follower != followers_.end() && follower->second->synced()) return true;
  }
  return false;
}

absl::Status Cluster::Trouble() const {
  MutexLock lock(mu_);
  for (const auto& [kind, follower] : followers_) SLIPWAY_RETURN_IF_ERROR(follower->trouble());
  return absl::OkStatus();
}

std::optional<LiveObject> Cluster::Find(const kube::ObjectId& id) const {
  // Asked in this order, since a kind's list shows all of its objects before it counts as synced.
  const bool synced = Synced(id);
  auto live = live_.Find(id);
  if (!live && synced) live.emplace();
  return live;
}

void Cluster::Note(const kube::ObjectId& id, const kube::Object& live) {
  live_.Put(id, ToLive(live, options_.manager, options_.health));
}

}  // namespace slipway::gitops::kubernetes
