#include "services/gitops/sync/phases.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "libs/base/strings.h"

namespace slipway::gitops::sync {
namespace {

constexpr char kArgoHook[] = "argocd.argoproj.io/hook";
constexpr char kArgoDeletePolicy[] = "argocd.argoproj.io/hook-delete-policy";
constexpr char kArgoWave[] = "argocd.argoproj.io/sync-wave";
constexpr char kArgoOptions[] = "argocd.argoproj.io/sync-options";
constexpr char kArgoIgnoreHealth[] = "argocd.argoproj.io/ignore-healthcheck";
constexpr char kHelmHook[] = "helm.sh/hook";
constexpr char kHelmDeletePolicy[] = "helm.sh/hook-delete-policy";
constexpr char kHelmWeight[] = "helm.sh/hook-weight";
constexpr char kHelmPolicy[] = "helm.sh/resource-policy";
constexpr char kFluxPrune[] = "kustomize.toolkit.fluxcd.io/prune";

constexpr std::array<std::pair<std::string_view, Phase>, 6> kArgoPhases = {
    {{"PreSync", Phase::kPreSync},
     {"Sync", Phase::kSync},
     {"PostSync", Phase::kPostSync},
     {"SyncFail", Phase::kSyncFail},
     {"PreDelete", Phase::kPreDelete},
     {"PostDelete", Phase::kPostDelete}}};

// Those that are missing here never run: rollbacks are syncs, and tests are for the helm program.
constexpr std::array<std::pair<std::string_view, Phase>, 6> kHelmPhases = {
    {{"pre-install", Phase::kPreSync},
     {"pre-upgrade", Phase::kPreSync},
     {"post-install", Phase::kPostSync},
     {"post-upgrade", Phase::kPostSync},
     {"pre-delete", Phase::kPreDelete},
     {"post-delete", Phase::kPostDelete}}};

// The parts of a comma list, without blanks around them and without empty ones.
std::vector<std::string> Parts(std::string_view list) {
  std::vector<std::string> parts;
  for (const std::string& part : Split(list, ',')) {
    const std::string_view trimmed = Trim(part);
    if (!trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

template <size_t N>
std::vector<Phase> PhasesOf(const std::vector<std::string>& names,
                            const std::array<std::pair<std::string_view, Phase>, N>& table) {
  std::vector<Phase> phases;
  for (const std::string& name : names) {
    for (const auto& [known, phase] : table) {
      if (name != known) continue;
      if (std::find(phases.begin(), phases.end(), phase) == phases.end()) phases.push_back(phase);
    }
  }
  std::sort(phases.begin(), phases.end());
  return phases;
}

std::optional<int> Integer(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::string_view digits = *text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

HookDeletePolicy DeletePolicyOf(const kube::Object& object) {
  HookDeletePolicy policy;
  if (const auto argo = object.Annotation(kArgoDeletePolicy)) {
    for (const std::string& part : Parts(*argo)) {
      if (part == "BeforeHookCreation") policy.before_creation = true;
      if (part == "HookSucceeded") policy.succeeded = true;
      if (part == "HookFailed") policy.failed = true;
    }
  } else if (const auto helm = object.Annotation(kHelmDeletePolicy)) {
    for (const std::string& part : Parts(*helm)) {
      if (part == "before-hook-creation") policy.before_creation = true;
      if (part == "hook-succeeded") policy.succeeded = true;
      if (part == "hook-failed") policy.failed = true;
    }
  }
  if (policy == HookDeletePolicy{}) policy.before_creation = true;
  return policy;
}

Consent ConsentOf(std::string_view value) {
  if (value == "false") return Consent::kNo;
  return value == "confirm" ? Consent::kConfirm : Consent::kYes;
}

void SetOption(SyncOptions& options, std::string_view name, std::string_view value) {
  if (name == "Prune") options.prune = ConsentOf(value);
  if (name == "Delete") options.deletion = ConsentOf(value);
  if (name == "PruneLast") options.prune_last = value == "true";
  if (name == "Force") options.force = value == "true";
  if (name == "PrunePropagationPolicy" &&
      (value == "foreground" || value == "background" || value == "orphan")) {
    options.prune_propagation = value;
  }
}

}  // namespace

std::string_view PhaseName(Phase phase) {
  for (const auto& [name, known] : kArgoPhases) {
    if (known == phase) return name;
  }
  return "";
}

Role RoleOf(const kube::Object& object) {
  Role role;
  const auto argo_wave = Integer(object.Annotation(kArgoWave));
  role.wave = argo_wave ? *argo_wave : Integer(object.Annotation(kHelmWeight)).value_or(0);

  const auto argo = object.Annotation(kArgoHook);
  const auto helm = object.Annotation(kHelmHook);
  if (argo) {
    const std::vector<std::string> names = Parts(*argo);
    if (names.size() == 1 && names[0] == "Skip") {
      role.skipped = true;
      return role;
    }
    role.hook = true;
    role.phases = PhasesOf(names, kArgoPhases);
  } else if (helm && !(*helm == "crd-install" && object.kind() == "CustomResourceDefinition")) {
    role.hook = true;
    role.phases = PhasesOf(Parts(*helm), kHelmPhases);
  } else {
    role.phases = {Phase::kSync};
    return role;
  }
  role.delete_policy = DeletePolicyOf(object);
  return role;
}

SyncOptions ParseSyncOptions(std::string_view list) {
  SyncOptions options;
  for (const std::string& part : Parts(list)) {
    const size_t equals = part.find('=');
    const std::string_view name = Trim(std::string_view(part).substr(0, equals));
    const std::string_view value =
        equals == std::string::npos ? "true" : Trim(std::string_view(part).substr(equals + 1));
    SetOption(options, name, value);
  }
  return options;
}

SyncOptions OptionsOf(const kube::Object& object) {
  SyncOptions options = ParseSyncOptions(object.Annotation(kArgoOptions).value_or(""));
  if (object.Annotation(kHelmPolicy) == "keep") {
    options.prune = Consent::kNo;
    options.deletion = Consent::kNo;
  }
  if (object.Annotation(kFluxPrune) == "disabled") {
    options.prune = Consent::kNo;
    options.deletion = Consent::kNo;
  }
  return options;
}

bool IgnoresHealth(const kube::Object& object) {
  return object.Annotation(kArgoIgnoreHealth) == "true";
}

}  // namespace slipway::gitops::sync
