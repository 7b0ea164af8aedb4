#include "services/gitops/sync/phases.h"

#include <catch2/catch.hpp>

namespace slipway::gitops::sync {
namespace {

using Annotations = std::vector<std::pair<const char*, const char*>>;

kube::Object Make(const Annotations& annotations, const char* kind = "Job") {
  boost::json::object notes;
  for (const auto& [key, value] : annotations) notes[key] = value;
  return kube::Object(boost::json::object{
      {"apiVersion", "batch/v1"}, {"kind", kind}, {"metadata", {{"annotations", notes}}}});
}

constexpr char kHook[] = "argocd.argoproj.io/hook";
constexpr char kHelm[] = "helm.sh/hook";

TEST_CASE("Hooks are what their annotations say") {
  using Phases = std::vector<Phase>;
  struct Row {
    const char* text;
    Annotations annotations;
    bool skipped, hook;
    Phases phases;
  };
  const Row kRows[] = {
      {"none", {}, false, false, {Phase::kSync}},
      {"one", {{kHook, "PreSync"}}, false, true, {Phase::kPreSync}},
      {"a list with blanks and repeats",
       {{kHook, " PostSync , PreSync,PostSync,"}},
       false,
       true,
       {Phase::kPreSync, Phase::kPostSync}},
      {"Skip alone", {{kHook, "Skip"}}, true, false, {}},
      {"Skip with others", {{kHook, "Skip,Sync"}}, false, true, {Phase::kSync}},
      {"an unknown one", {{kHook, "Sometime"}}, false, true, {}},
      {"an empty one", {{kHook, ""}}, false, true, {}},
      {"fail and delete",
       {{kHook, "SyncFail,PostDelete"}},
       false,
       true,
       {Phase::kSyncFail, Phase::kPostDelete}},
      {"Helm before", {{kHelm, "pre-install,pre-upgrade"}}, false, true, {Phase::kPreSync}},
      {"Helm after", {{kHelm, "post-upgrade"}}, false, true, {Phase::kPostSync}},
      {"Helm's rollback", {{kHelm, "pre-rollback"}}, false, true, {}},
      {"Helm's test", {{kHelm, "test-success"}}, false, true, {}},
      {"Helm's rollback and upgrade",
       {{kHelm, "post-rollback, post-upgrade"}},
       false,
       true,
       {Phase::kPostSync}},
      {"Helm's deletion", {{kHelm, "pre-delete"}}, false, true, {Phase::kPreDelete}},
      {"Argo's wins", {{kHook, "Sync"}, {kHelm, "pre-install"}}, false, true, {Phase::kSync}},
  };
  for (const Row& row : kRows) {
    INFO(row.text);
    const Role role = RoleOf(Make(row.annotations));
    CHECK(role.skipped == row.skipped);
    CHECK(role.hook == row.hook);
    CHECK(role.phases == row.phases);
  }
  CHECK_FALSE(RoleOf(Make({{kHelm, "crd-install"}}, "CustomResourceDefinition")).hook);
  CHECK(RoleOf(Make({{kHelm, "crd-install"}})).phases.empty());
}

TEST_CASE("Waves fall back to Helm's weights") {
  constexpr char kWave[] = "argocd.argoproj.io/sync-wave", kWeight[] = "helm.sh/hook-weight";
  CHECK(RoleOf(Make({})).wave == 0);
  CHECK(RoleOf(Make({{kWave, "-5"}})).wave == -5);
  CHECK(RoleOf(Make({{kWave, "+3"}, {kWeight, "9"}})).wave == 3);
  CHECK(RoleOf(Make({{kWeight, "9"}})).wave == 9);
  CHECK(RoleOf(Make({{kWave, "first"}, {kWeight, "9"}})).wave == 9);
  CHECK(RoleOf(Make({{kWave, "99999999999999"}})).wave == 0);
}

TEST_CASE("Hooks are deleted by their policies") {
  constexpr char kArgo[] = "argocd.argoproj.io/hook-delete-policy",
                 kHelms[] = "helm.sh/hook-delete-policy";
  const auto policy = [](const char* key, const char* value) {
    return RoleOf(Make({{kHook, "Sync"}, {key, value}})).delete_policy;
  };
  CHECK(RoleOf(Make({{kHook, "Sync"}})).delete_policy == HookDeletePolicy{true, false, false});
  CHECK(policy(kArgo, "HookSucceeded") == HookDeletePolicy{false, true, false});
  CHECK(policy(kArgo, "HookSucceeded, HookFailed") == HookDeletePolicy{false, true, true});
  CHECK(policy(kArgo, "whenever") == HookDeletePolicy{true, false, false});
  CHECK(policy(kHelms, "before-hook-creation,hook-succeeded") ==
        HookDeletePolicy{true, true, false});
  CHECK(policy(kHelms, "hook-failed") == HookDeletePolicy{false, false, true});
}

TEST_CASE("Options of an object") {
  constexpr char kKey[] = "argocd.argoproj.io/sync-options";
  const SyncOptions options =
      OptionsOf(Make({{kKey,
                       "Prune=confirm, Delete=false,PruneLast=true,Replace=true,Force=true,"
                       "Validate=false,SkipDryRunOnMissingResource=true,PrunePropagationPolicy="
                       "foreground,ServerSideApply=false,Wonder=1,PrunePropagationPolicy=slow"}}));
  CHECK(options.prune == Consent::kConfirm);
  CHECK(options.deletion == Consent::kNo);
  CHECK(options.prune_last);
  CHECK(options.force);
  CHECK(options.prune_propagation == "foreground");

  CHECK(OptionsOf(Make({})).prune == Consent::kYes);
  CHECK(OptionsOf(Make({{"helm.sh/resource-policy", "keep"}})).prune == Consent::kNo);
  CHECK(OptionsOf(Make({{"kustomize.toolkit.fluxcd.io/prune", "disabled"}})).prune == Consent::kNo);
  CHECK(OptionsOf(Make({{kKey, "Prune=false"}})).prune == Consent::kNo);
}

TEST_CASE("Options of health") {
  CHECK(IgnoresHealth(Make({{"argocd.argoproj.io/ignore-healthcheck", "true"}})));
  CHECK_FALSE(IgnoresHealth(Make({{"argocd.argoproj.io/ignore-healthcheck", "false"}})));
  CHECK(PhaseName(Phase::kPostSync) == "PostSync");
}

}  // namespace
}  // namespace slipway::gitops::sync
