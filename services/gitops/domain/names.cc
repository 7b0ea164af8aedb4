#include "services/gitops/domain/names.h"

#include <charconv>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/rpc/resource_name.h"

namespace slipway::gitops {
namespace {

AppEnvironment From(const rpc::ResourceName& name) {
  return {name.Get("projects"), name.Get("apps"), name.Get("environments")};
}

}  // namespace

std::string AppEnvironment::Name() const { return AppName() + "/environments/" + environment; }
std::string AppEnvironment::AppName() const { return "projects/" + project + "/apps/" + app; }
std::string AppEnvironment::Folder() const { return project + "/" + Short(); }
std::string AppEnvironment::Short() const { return app + "/" + environment; }

std::string DeploymentName::Name() const {
  return where.Name() + "/deployments/" + std::to_string(number);
}

absl::StatusOr<AppEnvironment> ParseAppEnvironment(std::string_view name, std::string_view field) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto parsed, rpc::ResourceName::Parse(name, "projects/*/apps/*/environments/*", field));
  return From(parsed);
}

absl::StatusOr<DeploymentName> ParseDeploymentName(std::string_view name, std::string_view field) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto parsed,
      rpc::ResourceName::Parse(name, "projects/*/apps/*/environments/*/deployments/*", field));
  DeploymentName result{.where = From(parsed)};
  const std::string& id = parsed.id();
  if (id == "latest") return result;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), result.number);
  if (error != std::errc() || end != id.data() + id.size() || result.number < 1) {
    return InvalidField(field, "the last part is the number of a deployment, or \"latest\"");
  }
  return result;
}

absl::StatusOr<AppEnvironment> ParseAppName(std::string_view name, std::string_view field) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed,
                           rpc::ResourceName::Parse(name, "projects/*/apps/*", field));
  return From(parsed);
}

absl::StatusOr<AppEnvironment> ParseDeploymentPipelineName(std::string_view name,
                                                           std::string_view field) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto parsed,
      rpc::ResourceName::Parse(name, "projects/*/apps/*/workflows/*/deploymentPipelines/*", field));
  return AppEnvironment{parsed.Get("projects"), parsed.Get("apps"), parsed.id()};
}

}  // namespace slipway::gitops
