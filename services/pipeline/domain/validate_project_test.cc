#include <catch2/catch.hpp>

#include "google/protobuf/text_format.h"
#include "services/pipeline/domain/validate.h"

namespace slipway::pipeline {
namespace {

using List = std::vector<std::string>;

Violations Ask(const std::string& text) {
  v1::Project project;
  REQUIRE(google::protobuf::TextFormat::ParseFromString("spec {" + text + "}", &project));
  Violations violations;
  Validate(project, {}, &violations);
  return violations;
}

List FieldsOf(const std::string& text) {
  List fields;
  const Violations violations = Ask(text);
  for (const auto& violation : violations.list()) fields.push_back(violation.field);
  return fields;
}

}  // namespace

TEST_CASE("a project with windows and limits as people write them has no mistakes") {
  CHECK(FieldsOf("").empty());
  CHECK(FieldsOf(R"(description: "the shop"
    sync_windows {kind: DENY schedule: "0 22 * * MON-FRI" duration: "8h" time_zone: "Europe/Berlin"
                  environments: "prod*" manual_sync: true name: "night"}
    sync_windows {kind: ALLOW schedule: "*/30 * * * *" duration: "1h30m" apps: "*"}
    limits {impersonate: "system:serviceaccount:shop:deployer"
            source_repos: "https://git.example.com/shop" source_repos: "*"
            source_repos: "https://git.example.com/shop/*"
            destinations {cluster: "eu-*" namespace: "shop"} destinations {namespace: "shared"}
            cluster_resource_whitelist {kind: "Namespace"}
            namespace_resource_blacklist {group: "*" kind: "*Quota"}})")
            .empty());
}

TEST_CASE("each mistake of a sync window names its field") {
  CHECK(FieldsOf("sync_windows {}") ==
        List{"spec.syncWindows[0].kind", "spec.syncWindows[0].duration",
             "spec.syncWindows[0].schedule", "spec.syncWindows[0].apps"});
  const std::string good =
      R"(sync_windows {kind: DENY schedule: "0 1 * * *" duration: "1h" apps: "*"} )";
  CHECK(FieldsOf(good +
                 R"(sync_windows {kind: DENY schedule: "0 25 * * *" duration: "1h" apps: "*"})") ==
        List{"spec.syncWindows[1].schedule"});
  CHECK(FieldsOf(R"(sync_windows {kind: DENY schedule: "0 1 30 2 *" duration: "1h" apps: "*"})") ==
        List{"spec.syncWindows[0].schedule"});
  CHECK(FieldsOf(R"(sync_windows {kind: DENY schedule: "0 1 * * *" duration: "-1h" apps: "*"})") ==
        List{"spec.syncWindows[0].duration"});
  CHECK(
      FieldsOf(
          R"(sync_windows {kind: DENY schedule: "0 1 * * *" duration: "1h" time_zone: "CEST!" apps: "a b"})") ==
      List{"spec.syncWindows[0].timeZone", "spec.syncWindows[0].apps[0]"});
}

TEST_CASE("a window that is for nothing says how to name what it is for") {
  const Violations violations =
      Ask(R"(sync_windows {kind: DENY schedule: "0 1 * * *" duration: "1h"})");
  REQUIRE(violations.list().size() == 1);
  CHECK(violations.list()[0].description.find("apps: [\"*\"]") != std::string::npos);
}

TEST_CASE("limits name repositories by URL and kinds by name") {
  CHECK(FieldsOf(R"(limits {source_repos: "git.example.com/shop"
      source_repos: "https://user:secret@git.example.com/x"
      destinations {namespace: "a b"} cluster_resource_whitelist {group: "apps"}})") ==
        List{"spec.limits.sourceRepos[0]", "spec.limits.sourceRepos[1]",
             "spec.limits.destinations[0].namespace",
             "spec.limits.clusterResourceWhitelist[0].kind"});
}

TEST_CASE("whom to impersonate is one printable word") {
  CHECK(FieldsOf(R"(limits {impersonate: "ann@example.com"})").empty());
  for (const char* wrong : {"a b", "a\\nGroup: system:masters", "\\303\\251"})
    CHECK(FieldsOf("limits {impersonate: \"" + std::string(wrong) + "\"}") ==
          List{"spec.limits.impersonate"});
}

TEST_CASE("a project's own GitOps repository is a name, not a path") {
  CHECK(FieldsOf(R"(gitops_repository: "demo-ops")").empty());
  for (const char* wrong : {"a/b", "..", "Demo", "-x", "x.git", "https://git.example/x"})
    CHECK(FieldsOf("gitops_repository: \"" + std::string(wrong) + "\"") ==
          List{"spec.gitopsRepository"});
}

}  // namespace slipway::pipeline
