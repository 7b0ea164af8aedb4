#include <algorithm>
#include <string>

#include "libs/base/error.h"
#include "libs/cron/window.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/validate.h"

namespace slipway::pipeline {
namespace {

constexpr int kMaxWindows = 100;
constexpr int kMaxEntries = 1000;
constexpr size_t kMaxGlob = 256;

std::string At(const std::string& path, int index) {
  return path + "[" + std::to_string(index) + "]";
}

// A glob, which may be of anything but blanks and control characters.
void ValidateGlob(const std::string& path, const std::string& glob, Violations* violations) {
  if (glob.empty()) return violations->Add(path, "is empty; \"*\" is any");
  if (glob.size() > kMaxGlob) {
    return violations->Add(path, "is longer than " + std::to_string(kMaxGlob) + " bytes");
  }
  for (const char c : glob) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return violations->Add(path, "may not contain spaces or control characters");
    }
  }
}

template <typename List>
void ValidateGlobs(const std::string& path, const List& globs, Violations* violations) {
  if (globs.size() > kMaxEntries) {
    return violations->Add(path, "has more than " + std::to_string(kMaxEntries) + " entries");
  }
  for (int i = 0; i < globs.size(); ++i) ValidateGlob(At(path, i), globs[i], violations);
}

// A user of Kubernetes, which is sent in a header.
void ValidateUser(const std::string& path, const std::string& user, Violations* violations) {
  const bool plain = std::all_of(user.begin(), user.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
  });
  if (plain && user.size() <= kMaxGlob) return;
  violations->Add(path, "is no user of Kubernetes: up to " + std::to_string(kMaxGlob) +
                            " printable characters without spaces, such as "
                            "\"system:serviceaccount:NAMESPACE:NAME\"");
}

// The mistakes of an error, which is about one member of the window or its reason says which.
void AddError(const std::string& path, const absl::Status& status, Violations* violations) {
  if (status.ok()) return;
  const ErrorDetails details = DetailsOf(status);
  for (const auto& violation : details.field_violations) {
    violations->Add(path + "." + violation.field, violation.description);
  }
  if (!details.field_violations.empty()) return;
  violations->Add(path + (details.reason == "TIME_ZONE_UNKNOWN" ? ".timeZone" : ".schedule"),
                  MessageOf(status));
}

void ValidateWindow(const std::string& path, const v1::SyncWindow& window, Violations* violations) {
  if (window.kind() == v1::SyncWindow::KIND_UNSPECIFIED) {
    violations->Add(path + ".kind", "must be ALLOW or DENY");
  }
  const auto duration = ParseWindowDuration(window.duration());
  AddError(path, duration.status(), violations);
  // Any duration that is fine stands in for one that is not, so that all mistakes are told.
  AddError(path,
           CheckWindow(window.schedule(), window.time_zone(), duration.value_or(absl::Hours(1))),
           violations);
  ValidateGlobs(path + ".apps", window.apps(), violations);
  ValidateGlobs(path + ".environments", window.environments(), violations);
  ValidateGlobs(path + ".namespaces", window.namespaces(), violations);
  ValidateGlobs(path + ".clusters", window.clusters(), violations);
  if (window.apps().empty() && window.environments().empty() && window.namespaces().empty() &&
      window.clusters().empty()) {
    violations->Add(path + ".apps",
                    "say what it is for: apps: [\"*\"] is all, or give "
                    "environments, namespaces or clusters");
  }
  if (window.name().size() > kMaxGlob) {
    violations->Add(path + ".name", "is longer than " + std::to_string(kMaxGlob) + " bytes");
  }
}

template <typename List>
void ValidateKinds(const std::string& path, const List& kinds, Violations* violations) {
  if (kinds.size() > kMaxEntries) {
    return violations->Add(path, "has more than " + std::to_string(kMaxEntries) + " entries");
  }
  for (int i = 0; i < kinds.size(); ++i) {
    if (!kinds[i].group().empty()) {
      ValidateGlob(At(path, i) + ".group", kinds[i].group(), violations);
    }
    ValidateGlob(At(path, i) + ".kind", kinds[i].kind(), violations);
  }
}

void ValidateLimits(const v1::ProjectLimits& limits, Violations* violations) {
  const std::string path = "spec.limits";
  const auto& repositories = limits.source_repos();
  for (int i = 0; i < repositories.size(); ++i) {
    std::string_view url = repositories[i];
    if (url == "*") continue;
    if (url.ends_with("/*")) url.remove_suffix(2);
    const std::string problem = UrlProblem(url);
    if (!problem.empty()) violations->Add(At(path + ".sourceRepos", i), problem);
  }
  const auto& destinations = limits.destinations();
  for (int i = 0; i < destinations.size(); ++i) {
    const std::string at = At(path + ".destinations", i);
    if (!destinations[i].cluster().empty()) {
      ValidateGlob(at + ".cluster", destinations[i].cluster(), violations);
    }
    if (!destinations[i].namespace_().empty()) {
      ValidateGlob(at + ".namespace", destinations[i].namespace_(), violations);
    }
  }
  if (repositories.size() > kMaxEntries || destinations.size() > kMaxEntries) {
    violations->Add(path, "has a list of more than " + std::to_string(kMaxEntries) + " entries");
  }
  ValidateKinds(path + ".clusterResourceWhitelist", limits.cluster_resource_whitelist(),
                violations);
  ValidateKinds(path + ".clusterResourceBlacklist", limits.cluster_resource_blacklist(),
                violations);
  ValidateKinds(path + ".namespaceResourceWhitelist", limits.namespace_resource_whitelist(),
                violations);
  ValidateKinds(path + ".namespaceResourceBlacklist", limits.namespace_resource_blacklist(),
                violations);
  ValidateUser(path + ".impersonate", limits.impersonate(), violations);
}

// As hosts of all kinds take it, and one path segment.
void ValidateRepository(const std::string& name, Violations* violations) {
  if (name.empty()) return;
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  const bool plain = name.find_first_not_of(kPlain) == std::string::npos && name.front() != '.' &&
                     name.front() != '-' && name.back() != '.' && !name.ends_with(".git");
  if (plain && name.size() <= 62) return;
  violations->Add("spec.gitopsRepository",
                  "is not the name of a repository: up to 62 of a-z, 0-9, '.', '_' and '-'");
}

}  // namespace

void ValidateProject(const v1::ProjectSpec& spec, Violations* violations) {
  if (spec.description().size() > kMaxDescription) {
    violations->Add("spec.description",
                    "is longer than " + std::to_string(kMaxDescription) + " bytes");
  }
  if (spec.sync_windows_size() > kMaxWindows) {
    violations->Add("spec.syncWindows",
                    "has more than " + std::to_string(kMaxWindows) + " entries");
  } else {
    for (int i = 0; i < spec.sync_windows_size(); ++i) {
      ValidateWindow(At("spec.syncWindows", i), spec.sync_windows(i), violations);
    }
  }
  if (spec.has_limits()) ValidateLimits(spec.limits(), violations);
  ValidateRepository(spec.gitops_repository(), violations);
}

}  // namespace slipway::pipeline
