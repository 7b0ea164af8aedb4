#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/kube/object.h"

namespace slipway::gitops::sync {

// When in a sync an object is applied, in this order; the last two belong to the deletion of an
// app.
enum class Phase { kPreSync, kSync, kPostSync, kSyncFail, kPreDelete, kPostDelete };

std::string_view PhaseName(Phase phase);  // "PreSync"

// When a hook's object is deleted. At least one of the three holds.
struct HookDeletePolicy {
  bool before_creation = false;
  bool succeeded = false;
  bool failed = false;
  bool operator==(const HookDeletePolicy&) const = default;
};

// The part an object takes in a sync, by Argo CD's annotations (argocd.argoproj.io/hook,
// hook-delete-policy, sync-wave) and, where it has none of these, by Helm's (helm.sh/hook,
// hook-delete-policy, hook-weight). A value.
struct Role {
  bool skipped = false;  // the only hook is Skip: neither applied nor a hook
  bool hook = false;
  // When it is applied. Empty for a hook that never runs: its annotation names no phase that
  // exists, or it is one of Helm's tests or rollback hooks.
  std::vector<Phase> phases = {};
  int wave = 0;
  HookDeletePolicy delete_policy = {};  // of hooks
};

Role RoleOf(const kube::Object& object);

enum class Consent { kYes, kNo, kConfirm };  // kConfirm: after somebody has said so

// What the annotation argocd.argoproj.io/sync-options asks for one object. Argo CD's other options
// ask for what is always done here (ServerSideApply, SkipDryRunOnMissingResource,
// RespectIgnoreDifferences and more), or for what is not (Replace, Validate=false). A value.
struct SyncOptions {
  Consent prune = Consent::kYes;       // Prune=false|confirm, helm.sh/resource-policy: keep
  Consent deletion = Consent::kYes;    // Delete=false|confirm
  bool prune_last = false;             // PruneLast=true
  bool force = false;                  // Force=true: delete and create what can't be changed
  std::string prune_propagation = {};  // foreground, background, orphan; "": background
};

// Options in a comma list, as in the annotation.
SyncOptions ParseSyncOptions(std::string_view list);
// Those of an object. Also "kustomize.toolkit.fluxcd.io/prune: disabled" keeps it.
SyncOptions OptionsOf(const kube::Object& object);

// argocd.argoproj.io/ignore-healthcheck: "true" keeps the object out of the app's health.
bool IgnoresHealth(const kube::Object& object);

}  // namespace slipway::gitops::sync
