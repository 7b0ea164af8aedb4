#include "tools/slipway/names/name.h"

#include <optional>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "tools/slipway/errors.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

struct Numbered {
  std::string before;
  std::string number;  // "" without '#'
  std::string after;   // what follows the first '/' behind the number
};

// "demo/hello/main#7/build" apart.
Numbered TakeApart(std::string_view typed) {
  const size_t hash = typed.find('#');
  if (hash == std::string_view::npos) return {std::string(typed), "", ""};
  const std::string_view rest = typed.substr(hash + 1);
  const size_t slash = rest.find('/');
  return {std::string(typed.substr(0, hash)), std::string(rest.substr(0, slash)),
          slash == std::string_view::npos ? "" : std::string(rest.substr(slash + 1))};
}

// Parts of "[PROJECT/]A/B": always `count` + 1 of them, the project first.
absl::StatusOr<std::vector<std::string>> Parts(std::string_view typed, size_t count,
                                               const NameScope& scope, std::string_view form) {
  std::vector<std::string> parts = Split(typed, '/');
  for (const std::string& part : parts) {
    if (part.empty()) return BadName(typed, form);
  }
  if (parts.size() == count) {
    if (scope.project.empty()) return NoProject(typed);
    parts.insert(parts.begin(), scope.project);
  }
  if (parts.size() != count + 1) return BadName(typed, form);
  return parts;
}

bool IsFullName(const Kind& kind, std::string_view typed) {
  const std::vector<std::string> parts = Split(typed, '/');
  if (parts.size() < 2 || parts.size() % 2 != 0) return false;
  return parts[parts.size() - 2] == kind.collection &&
         (parts.size() == 2 ? kind.scope == Scope::kGlobal : true) &&
         (parts[0] == "projects" || parts[0] == "environments" || parts.size() == 2);
}

absl::StatusOr<std::string> RunName(std::string_view typed, const NameScope& scope) {
  constexpr std::string_view form = "APP/WORKFLOW#NUMBER, like hello/main#7";
  const Numbered apart = TakeApart(typed);
  if (!apart.after.empty()) return BadName(typed, form);
  SLIPWAY_ASSIGN_OR_RETURN(const auto parts, Parts(apart.before, 2, scope, form));
  return "projects/" + parts[0] + "/apps/" + parts[1] + "/workflows/" + parts[2] + "/runs/" +
         (apart.number.empty() ? "latest" : apart.number);
}

absl::StatusOr<std::string> JobName(std::string_view typed, const NameScope& scope) {
  constexpr std::string_view form = "APP/WORKFLOW#NUMBER/JOB, like hello/main#7/build";
  const Numbered apart = TakeApart(typed);
  if (apart.number.empty() || apart.after.empty() || apart.after.find('/') != std::string::npos)
    return BadName(typed, form);
  SLIPWAY_ASSIGN_OR_RETURN(const std::string run,
                           RunName(apart.before + "#" + apart.number, scope));
  return run + "/jobs/" + apart.after;
}

absl::StatusOr<std::string> DeploymentName(std::string_view typed, const NameScope& scope,
                                           bool with_number) {
  constexpr std::string_view form = "APP/ENVIRONMENT, like hello/prod";
  const Numbered apart = TakeApart(typed);
  if (!apart.after.empty() || (!with_number && !apart.number.empty())) return BadName(typed, form);
  SLIPWAY_ASSIGN_OR_RETURN(const auto parts, Parts(apart.before, 2, scope, form));
  const std::string environment =
      "projects/" + parts[0] + "/apps/" + parts[1] + "/environments/" + parts[2];
  if (!with_number) return environment;
  return environment + "/deployments/" + (apart.number.empty() ? "latest" : apart.number);
}

// Variables and secrets: the parent is in the name or in the scope.
absl::StatusOr<std::string> ScopedName(const Kind& kind, std::string_view typed,
                                       const NameScope& scope) {
  const size_t slash = typed.rfind('/');
  if (slash == std::string_view::npos) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string parent, ParentName(kind, scope));
    return parent + "/" + std::string(kind.collection) + "/" + std::string(typed);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string app, AppName(typed.substr(0, slash), scope));
  return app + "/" + std::string(kind.collection) + "/" + std::string(typed.substr(slash + 1));
}

std::string Member(const bj::object& metadata, std::string_view key) {
  const bj::value* value = metadata.if_contains({key.data(), key.size()});
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

absl::StatusOr<std::string> AppName(std::string_view typed, const NameScope& scope) {
  if (typed.starts_with("projects/") && Split(typed, '/').size() == 4) return std::string(typed);
  SLIPWAY_ASSIGN_OR_RETURN(const auto parts,
                           Parts(typed, 1, scope, "APP or PROJECT/APP, like demo/hello"));
  return "projects/" + parts[0] + "/apps/" + parts[1];
}

absl::StatusOr<std::string> EnvironmentName(std::string_view typed, const NameScope& scope) {
  SLIPWAY_ASSIGN_OR_RETURN(const Kind* kind, FindKind("deployment-pipeline"));
  return ResourceName(*kind, typed, scope);
}

absl::StatusOr<std::string> ResourceName(const Kind& kind, std::string_view typed,
                                         const NameScope& scope) {
  if (typed.empty()) return BadUsage("a name is missing");
  if (IsFullName(kind, typed)) return std::string(typed);
  const std::string collection(kind.collection);
  switch (kind.scope) {
    case Scope::kGlobal:
      if (typed.find('/') != std::string_view::npos) return BadName(typed, "its id alone");
      return collection + "/" + std::string(typed);
    case Scope::kProject: {
      if (kind.name == "App") return AppName(typed, scope);
      SLIPWAY_ASSIGN_OR_RETURN(const auto parts, Parts(typed, 2, scope, "APP/ID"));
      return "projects/" + parts[0] + "/apps/" + parts[1] + "/" + collection + "/" + parts[2];
    }
    case Scope::kApp: {
      SLIPWAY_ASSIGN_OR_RETURN(const auto parts,
                               Parts(typed, 2, scope, "APP/" + std::string(kind.name)));
      return "projects/" + parts[0] + "/apps/" + parts[1] + "/" + collection + "/" + parts[2];
    }
    case Scope::kAny:
      return ScopedName(kind, typed, scope);
    case Scope::kRun:
      return RunName(typed, scope);
    case Scope::kJob:
      return JobName(typed, scope);
    case Scope::kDeployment:
      return DeploymentName(typed, scope, true);
    case Scope::kDeploymentPipeline:
      return DeploymentName(typed, scope, false);
  }
  return BadUsage("a name is missing");
}

absl::StatusOr<std::string> ParentName(const Kind& kind, const NameScope& scope) {
  if (kind.scope == Scope::kGlobal) return std::string();
  if (kind.scope == Scope::kAny && !scope.environment.empty())
    return "environments/" + scope.environment;
  std::string app;
  if (!scope.app.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(app, AppName(scope.app, scope));
  } else if (scope.project.empty()) {
    return BadUsage(
        "no project is chosen; give --project, set SLIPWAY_PROJECT, or choose one: slipway use "
        "PROJECT");
  }
  const std::string project = "projects/" + scope.project;
  const std::string any_app = app.empty() ? project + "/apps/-" : app;
  if (kind.name == "App") return project;
  if (kind.scope == Scope::kAny) return app.empty() ? project : app;
  if (kind.scope == Scope::kRun) return any_app + "/workflows/-";
  if (kind.scope == Scope::kDeployment) {
    return any_app + "/environments/" + (scope.environment.empty() ? "-" : scope.environment);
  }
  if (app.empty()) return BadUsage("which app? give --app APP");
  return app;
}

std::string ShortName(std::string_view resource_name) {
  const std::vector<std::string> parts = Split(resource_name, '/');
  std::string shown;
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    const bool number = parts[i] == "runs" || parts[i] == "deployments";
    shown += (shown.empty() ? "" : number ? "#" : "/") + parts[i + 1];
  }
  return parts.size() % 2 != 0 || shown.empty() ? std::string(resource_name) : shown;
}

bj::object MetadataOfName(std::string_view resource_name) {
  const std::vector<std::string> parts = Split(resource_name, '/');
  bj::object metadata;
  for (size_t i = 0; i + 3 < parts.size(); i += 2) {
    // projects, apps, environments: the singular is the member's name.
    metadata[parts[i].substr(0, parts[i].size() - 1)] = parts[i + 1];
  }
  metadata["name"] = parts.back();
  return metadata;
}

absl::StatusOr<std::string> NameOfMetadata(const Kind& kind, const bj::object& metadata,
                                           const std::string& default_project) {
  const std::string name = Member(metadata, "name");
  if (name.empty()) return InvalidField("metadata.name", "is needed");
  std::string project = Member(metadata, "project");
  const std::string app = Member(metadata, "app");
  const std::string environment = Member(metadata, "environment");
  const auto refuse = [&](std::string_view member) {
    return InvalidField("metadata." + std::string(member),
                        "does not belong to a " + std::string(kind.name));
  };
  const bool takes_environment = kind.scope == Scope::kAny;
  const bool takes_app = takes_environment || kind.scope == Scope::kApp;
  if (!project.empty() && kind.scope == Scope::kGlobal) return refuse("project");
  if (!app.empty() && !takes_app) return refuse("app");
  if (!environment.empty() && !takes_environment) return refuse("environment");
  const std::string end = std::string(kind.collection) + "/" + name;
  if (kind.scope == Scope::kGlobal) return end;
  if (!environment.empty()) {
    if (!app.empty() || !project.empty())
      return InvalidField("metadata.environment", "can't stand beside project and app");
    return "environments/" + environment + "/" + end;
  }
  if (project.empty()) project = default_project;
  if (project.empty()) {
    return InvalidField("metadata.project",
                        "is needed, since no project is chosen (slipway use PROJECT)");
  }
  if (kind.scope == Scope::kApp && app.empty()) return InvalidField("metadata.app", "is needed");
  return "projects/" + project + "/" + (app.empty() ? "" : "apps/" + app + "/") + end;
}

}  // namespace slipway::cli
