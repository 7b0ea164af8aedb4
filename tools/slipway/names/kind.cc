#include "tools/slipway/names/kind.h"

#include "libs/base/strings.h"
#include "tools/slipway/errors.h"

namespace slipway::cli {
namespace {

std::string Plain(std::string_view word) {
  std::string plain;
  for (const char c : ToLower(word)) {
    if (c != '-' && c != '_') plain += c;
  }
  return plain;
}

}  // namespace

const std::vector<Kind>& AllKinds() {
  static const std::vector<Kind> kinds = {
      {"Project", "projects", Scope::kGlobal, true, "project", true, {}},
      {"App", "apps", Scope::kProject, true, "app", true, {}},
      {"Cluster",
       "clusters",
       Scope::kGlobal,
       true,
       "cluster",
       true,
       {"kubernetes.kubeconfig", "kubernetes.token"}},
      {"Environment", "environments", Scope::kGlobal, true, "environment", true, {}},
      {"Registry", "registries", Scope::kGlobal, true, "registry", true, {"password"}},
      {"GitAccount", "gitAccounts", Scope::kGlobal, true, "gitAccount", true, {"token"}},
      {"Workflow", "workflows", Scope::kApp, true, "workflow", true, {}},
      {"Variable", "variables", Scope::kAny, true, "variable", true, {}},
      {"Secret", "secrets", Scope::kAny, true, "secret", true, {"value"}},
      {"Hook", "hooks", Scope::kGlobal, true, "", true, {"secret"}},
      {"GitOpsProvider",
       "gitopsProviders",
       Scope::kGlobal,
       true,
       "",
       true,
       {"token", "tls.clientKey"}},
      {"RoleBinding", "roleBindings", Scope::kGlobal, true, "", true, {}},
      {"User", "users", Scope::kGlobal, true, "", true, {"password"}},
      {"Runner", "runners", Scope::kGlobal, true, "", false, {}},
      {"Run", "runs", Scope::kRun, false, "", false, {}},
      {"Job", "jobs", Scope::kJob, false, "", false, {}},
      {"Image", "images", Scope::kProject, false, "", false, {}},
      {"Deployment", "deployments", Scope::kDeployment, false, "", false, {}},
      {"DeploymentPipeline",
       "deploymentPipelines",
       Scope::kDeploymentPipeline,
       false,
       "",
       false,
       {}},
      {"Delivery", "deliveries", Scope::kGlobal, false, "", false, {}},
      {"Token", "tokens", Scope::kGlobal, false, "", false, {}},
  };
  return kinds;
}

absl::StatusOr<const Kind*> FindKind(std::string_view word) {
  const std::string plain = Plain(word);
  std::vector<std::string> known;
  for (const Kind& kind : AllKinds()) {
    if (plain == "gitops" && kind.name == "GitOpsProvider") return &kind;
    if (plain == Plain(kind.name) || plain == Plain(kind.collection)) return &kind;
    known.push_back(CommandWord(kind));
  }
  return UnknownWord("kind", word, known);
}

std::string CommandWord(const Kind& kind) {
  if (kind.name == "GitOpsProvider") return "gitops-provider";
  std::string word;
  for (const char c : kind.name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && !word.empty()) word += '-';
    word += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return word;
}

}  // namespace slipway::cli
