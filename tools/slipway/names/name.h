#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tools/slipway/names/kind.h"

namespace slipway::cli {

// What is said beside a name: the project in use, and the parent of variables, secrets and lists. A
// value.
struct NameScope {
  std::string project = {};
  std::string app = {};          // [PROJECT/]APP
  std::string environment = {};  // also of deployments
};

// The resource name for what a person typed: "hello/main#7" is
// "projects/demo/apps/hello/workflows/main/runs/7". Full resource names are taken as they are. A
// run or deployment without number is the newest ("latest"). A deployment pipeline is named as
// "projects/P/apps/A/environments/E", since its workflow is not typed.
absl::StatusOr<std::string> ResourceName(const Kind& kind, std::string_view typed,
                                         const NameScope& scope);

// What lists of a kind are under, "" for global kinds. For runs, images, jobs and deployments "-"
// stands for any.
absl::StatusOr<std::string> ParentName(const Kind& kind, const NameScope& scope);

// "[PROJECT/]APP" as "projects/P/apps/A".
absl::StatusOr<std::string> AppName(std::string_view typed, const NameScope& scope);

// "[PROJECT/]APP/ENVIRONMENT" as "projects/P/apps/A/environments/E".
absl::StatusOr<std::string> EnvironmentName(std::string_view typed, const NameScope& scope);

// For people: "projects/demo/apps/hello/workflows/main/runs/7" is "demo/hello/main#7".
std::string ShortName(std::string_view resource_name);

// "projects/demo/apps/hello/workflows/main" as {project, app, name}, and back. The error of
// NameOfMetadata is INVALID_ARGUMENT with a violation on the member: "metadata.app".
boost::json::object MetadataOfName(std::string_view resource_name);
absl::StatusOr<std::string> NameOfMetadata(const Kind& kind, const boost::json::object& metadata,
                                           const std::string& default_project);

}  // namespace slipway::cli
