#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/object.h"

namespace slipway::gitops::sync {

// Kinds by globs (*, ?, [a-z]): group "" is the core group, "*" any. A value.
struct KindPattern {
  std::string group = {}, kind = {};
};

// What the apps of a project may be made of and go to, by the names of Argo CD's AppProject; what
// it leaves out is not limited, but for cluster-scoped kinds. A value.
struct ProjectLimits {
  // URLs of repositories, or of what they lie in: "https://git.example.com/shop" allows all below.
  // "*" is any, and so is an empty list.
  std::vector<std::string> source_repos = {};
  // Globs for the cluster's id and the namespace, "" is any. Empty list: anywhere.
  struct Destination {
    std::string cluster = {}, ns = {};
  };
  std::vector<Destination> destinations = {};
  // Cluster-scoped kinds: only those in the whitelist (empty: none) and not in the blacklist.
  std::vector<KindPattern> cluster_whitelist = {}, cluster_blacklist = {};
  // Kinds in namespaces: those in the whitelist (empty: all) and not in the blacklist.
  std::vector<KindPattern> namespace_whitelist = {}, namespace_blacklist = {};
  // User of the cluster as whom objects are applied; empty: as the cluster's credential.
  std::string impersonate = {};
};

// What a sync is about to write. A value.
struct LimitedSync {
  std::string source_repo = {};  // URL that the manifests came from; "": Slipway rendered them
  std::string cluster = {};      // id
  // Complete identities: an object of a kind in namespaces has its namespace by now, and one of a
  // cluster-scoped kind has none.
  std::vector<kube::ObjectId> objects = {};
};

// Why the sync may not be, one sentence each and with the field that forbids it: "ClusterRole admin
// is not in spec.limits.clusterResourceWhitelist of project shop". Empty: it may. To be asked after
// rendering and before any write.
std::vector<std::string> BreachesOf(const ProjectLimits& limits, std::string_view project,
                                    const LimitedSync& sync);

}  // namespace slipway::gitops::sync
