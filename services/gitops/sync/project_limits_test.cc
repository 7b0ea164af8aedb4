#include "services/gitops/sync/project_limits.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

const kube::ObjectId kDeployment{"apps", "Deployment", "shop", "api"};
const kube::ObjectId kQuota{"", "ResourceQuota", "shop", "q"};
const kube::ObjectId kRole{"rbac.authorization.k8s.io", "ClusterRole", "", "admin"};
const kube::ObjectId kNamespace{"", "Namespace", "", "shop"};
using Lines = std::vector<std::string>;

Lines Ask(const ProjectLimits& limits, const std::vector<kube::ObjectId>& objects,
          const std::string& cluster = "eu-1", const std::string& repo = "") {
  return BreachesOf(limits, "shop", {.source_repo = repo, .cluster = cluster, .objects = objects});
}

TEST_CASE("Limits that name nothing limit cluster-scoped kinds only") {
  CHECK(Ask({}, {kDeployment, kQuota}, "any", "https://anywhere.example/x.git").empty());
  CHECK(Ask({}, {kDeployment, kRole}) ==
        Lines{"ClusterRole admin is cluster-scoped and not in "
              "spec.limits.clusterResourceWhitelist of project shop"});
}

TEST_CASE("Repositories are those named, in any writing, and those below") {
  struct Row {
    const char* allowed;
    const char* url;
    bool fine;
  };
  const Row kRows[] = {
      {"https://git.example.com/shop/api", "https://git.example.com/shop/api.git", true},
      {"https://git.example.com/shop/api.git", "git@git.example.com:shop/api.git", true},
      {"https://git.example.com/shop", "https://GIT.example.com/shop/api", true},
      {"https://git.example.com/shop/*", "https://git.example.com/shop/api", true},
      {"https://git.example.com/shop/api", "https://git.example.com/shop/api2", false},
      {"https://git.example.com/shop", "https://git.example.com/shop/../other/x", false},
      {"https://git.example.com/shop", "https://evil.example.com/git.example.com/shop/x", false},
      {"https://git.example.com/shop", "https://git.example.com@evil.example.com/shop/x", false},
      {"https://git.example.com/shop", "file:///shop/x", false},
      {"*", "https://anywhere.example/x", true},
      {"https://*/shop", "https://git.example.com/shop/x", false},
      // What Slipway rendered itself comes from no repository of the user.
      {"https://git.example.com/shop", "", true},
  };
  for (const Row& row : kRows) {
    INFO(row.allowed << " " << row.url);
    ProjectLimits limits;
    limits.source_repos = {"https://other.example.com/x", row.allowed};
    CHECK(Ask(limits, {}, "eu-1", row.url).empty() == row.fine);
  }
  ProjectLimits limits;
  limits.source_repos = {"https://git.example.com/shop"};
  CHECK(Ask(limits, {}, "eu-1", "https://x.example/y") ==
        Lines{"repository https://x.example/y is not in spec.limits.sourceRepos of project shop"});
}

TEST_CASE("Objects go only to clusters and namespaces that are named together") {
  ProjectLimits limits;
  limits.destinations = {{"eu-*", "shop"}, {"us", "shop-*"}, {"", "shared"}};
  limits.cluster_whitelist = {{"*", "*"}};
  const auto fine = [&](const char* cluster, const char* ns) {
    return Ask(limits, {{"apps", "Deployment", ns, "x"}}, cluster).empty();
  };
  CHECK(fine("eu-1", "shop"));
  CHECK_FALSE(fine("eu-1", "shop-2"));
  CHECK_FALSE(fine("eu-1", "kube-system"));
  CHECK(fine("us", "shop-2"));
  CHECK_FALSE(fine("us", "shop"));
  CHECK(fine("anywhere", "shared"));
  CHECK(Ask(limits, {{"apps", "Deployment", "kube-system", "x"}}) ==
        Lines{"Deployment kube-system/x on cluster eu-1 in namespace kube-system is not in "
              "spec.limits.destinations of project shop"});
  // A cluster-scoped object needs the cluster only.
  CHECK(Ask(limits, {kRole}, "eu-1").empty());
  limits.destinations.pop_back();
  CHECK_FALSE(Ask(limits, {kRole}, "asia").empty());
}

TEST_CASE("Kinds are those of the whitelist without those of the blacklist, by group") {
  ProjectLimits limits;
  limits.namespace_blacklist = {{"", "ResourceQuota"}, {"", "LimitRange"}};
  CHECK(Ask(limits, {kDeployment, kQuota}) ==
        Lines{"ResourceQuota shop/q is in spec.limits.namespaceResourceBlacklist of project shop"});
  // Of another group the same kind is another one.
  CHECK(Ask(limits, {{"example.com", "ResourceQuota", "shop", "q"}}).empty());
  limits.namespace_whitelist = {{"apps", "*"}};
  CHECK(Ask(limits, {kDeployment}).empty());
  CHECK(Ask(limits, {{"", "Service", "shop", "s"}}).size() == 1);
  limits.namespace_whitelist = {{"*", "*"}};
  CHECK(Ask(limits, {kDeployment, kQuota}).size() == 1);

  limits.cluster_whitelist = {{"", "Namespace"}};
  CHECK(Ask(limits, {kNamespace}).empty());
  CHECK(Ask(limits, {kRole}).size() == 1);
  limits.cluster_whitelist = {{"*", "*"}};
  limits.cluster_blacklist = {{"rbac.authorization.k8s.io", "ClusterRole*"}};
  CHECK(Ask(limits, {kNamespace, kRole}).size() == 1);
}

TEST_CASE("Each object that may not be is named") {
  ProjectLimits limits;
  limits.destinations = {{"eu-1", "shop"}};
  CHECK(Ask(limits, {kDeployment, kRole, {"", "Secret", "other", "s"}}, "eu-1").size() == 2);
}

}  // namespace
}  // namespace slipway::gitops::sync
