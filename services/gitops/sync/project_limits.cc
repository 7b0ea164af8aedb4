#include "services/gitops/sync/project_limits.h"

#include <algorithm>

#include "libs/forge/repository_url.h"
#include "services/gitops/sync/glob.h"

namespace slipway::gitops::sync {
namespace {

bool Allows(const std::vector<std::string>& repositories, const std::string& url) {
  if (repositories.empty() || url.empty()) return true;
  return std::any_of(repositories.begin(), repositories.end(), [&](std::string_view allowed) {
    if (allowed == "*") return true;
    if (allowed.ends_with("/*")) allowed.remove_suffix(2);
    return forge::IsRepositoryWithin(url, allowed);
  });
}

bool MatchesPart(const std::string& glob, std::string_view text) {
  return glob.empty() || MatchesGlob(glob, text);
}

bool IsIn(const std::vector<KindPattern>& patterns, const kube::ObjectId& id) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const KindPattern& pattern) {
    return MatchesGlob(pattern.group, id.group) && MatchesGlob(pattern.kind, id.kind);
  });
}

// Why an object may not be; empty: it may.
std::string BreachOf(const ProjectLimits& limits, const std::string& cluster,
                     const kube::ObjectId& id) {
  const bool in_namespace = !id.ns.empty();
  const auto& destinations = limits.destinations;
  const bool reachable =
      destinations.empty() ||
      std::any_of(destinations.begin(), destinations.end(), [&](const auto& destination) {
        return MatchesPart(destination.cluster, cluster) &&
               (!in_namespace || MatchesPart(destination.ns, id.ns));
      });
  if (!reachable) {
    return " on cluster " + cluster + (in_namespace ? " in namespace " + id.ns : "") +
           " is not in spec.limits.destinations";
  }
  if (in_namespace) {
    if (!limits.namespace_whitelist.empty() && !IsIn(limits.namespace_whitelist, id)) {
      return " is not in spec.limits.namespaceResourceWhitelist";
    }
    return IsIn(limits.namespace_blacklist, id) ? " is in spec.limits.namespaceResourceBlacklist"
                                                : "";
  }
  if (!IsIn(limits.cluster_whitelist, id)) {
    return " is cluster-scoped and not in spec.limits.clusterResourceWhitelist";
  }
  return IsIn(limits.cluster_blacklist, id) ? " is in spec.limits.clusterResourceBlacklist" : "";
}

}  // namespace

std::vector<std::string> BreachesOf(const ProjectLimits& limits, std::string_view project,
                                    const LimitedSync& sync) {
  const std::string of_project = " of project " + std::string(project);
  std::vector<std::string> breaches;
  if (!Allows(limits.source_repos, sync.source_repo)) {
    breaches.push_back("repository " + sync.source_repo + " is not in spec.limits.sourceRepos" +
                       of_project);
  }
  for (const kube::ObjectId& id : sync.objects) {
    const std::string breach = BreachOf(limits, sync.cluster, id);
    if (!breach.empty()) breaches.push_back(kube::Describe(id) + breach + of_project);
  }
  return breaches;
}

}  // namespace slipway::gitops::sync
