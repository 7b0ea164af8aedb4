#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/http/outgoing_guard.h"
#include "libs/kube/client/apply.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/discovery.h"
#include "libs/kube/client/dispatcher.h"
#include "libs/kube/client/reflector.h"
#include "libs/kube/health.h"
#include "libs/telemetry/metrics.h"
#include "services/gitops/target/kubernetes/live_index.h"

namespace slipway::gitops::kubernetes {

// The connection to one cluster: requests under its limiter, what it serves, and how our objects
// are, by one watch for each kind that is in the inventory. Owned by KubernetesTarget; thread-safe.
class Cluster {
 public:
  struct Options {
    kube::ClusterAccess access = {};
    kube::HealthOptions health = {};
    std::string manager = {};                    // name under which fields are ours
    std::string label_selector = {};             // of our objects
    const http::OutgoingGuard* guard = nullptr;  // outlives it
    telemetry::Metrics* metrics = nullptr;       // outlives it
    std::function<bool()> may_write = {};        // asked before each write; empty: it may
    // Called on the client's thread when an app's objects changed; must not block.
    std::function<void(const AppEnvironment& owner)> changed = {};
  };

  // Connects to nothing yet. INVALID_ARGUMENT: the access is not usable.
  static absl::StatusOr<std::unique_ptr<Cluster>> Create(Options options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  kube::Client& client() { return *client_; }
  kube::Discovery& discovery() { return discovery_; }
  kube::ObjectApi& api() { return api_; }
  LiveIndex& live() { return live_; }
  const kube::HealthOptions& health() const { return options_.health; }

  // Watches our objects of the kind from now on, in all namespaces, or in `ns` where that is all
  // that the account may; nothing when it is watched already.
  void Watch(const kube::ResourceInfo& resource, const std::string& ns);
  // What is in objects of such a kind does not cross the wire when they are watched.
  static bool WatchesMetadataOnly(const kube::Gvk& gvk) {
    return gvk.group.empty() && gvk.kind == "Secret";
  }
  // Whether everything of the kind was seen since its watch began.
  bool Synced(const kube::ObjectId& id) const;
  // Why the server does not tell what changes; OK: it does, or refuses to for want of rights, which
  // is the kind's own matter.
  absl::Status Trouble() const;

  // One of our objects as it was seen last; empty: not known yet, since its kind has not been
  // listed.
  std::optional<LiveObject> Find(const kube::ObjectId& id) const;
  // Notes what an answer of the server showed.
  void Note(const kube::ObjectId& id, const kube::Object& live);
  // Says that an app has reason to look.
  void Tell(const AppEnvironment& owner) const {
    if (options_.changed) options_.changed(owner);
  }

 private:
  class Follower;

  Cluster(Options options, std::unique_ptr<kube::Client> client);
  // The kind may not be watched in all namespaces: it is watched in each that has objects of ours.
  void Narrow(const kube::ResourceInfo& resource);

  const Options options_;
  const std::unique_ptr<kube::Client> client_;
  kube::Discovery discovery_;
  kube::Dispatcher dispatcher_;
  kube::ObjectApi api_;
  LiveIndex live_;
  mutable Mutex mu_;
  // By group, kind and namespace; the namespace is empty where all are watched.
  using Key = std::tuple<std::string, std::string, std::string>;
  std::map<Key, std::unique_ptr<Follower>> followers_ SLIPWAY_GUARDED_BY(mu_);
  // Namespaces in which objects of a kind are, by group and kind.
  std::map<std::pair<std::string, std::string>, std::set<std::string>> namespaces_
      SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops::kubernetes
