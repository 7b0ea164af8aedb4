#include "services/gitops/provider/repository_host.h"

#include "libs/base/status.h"

namespace slipway::gitops::provider {

absl::StatusOr<HostedRepository> EnsureRepository(RepositoryHost& host, const std::string& name,
                                                  bool* created) {
  if (created != nullptr) *created = false;
  SLIPWAY_ASSIGN_OR_RETURN(auto found, host.Find(name));
  if (found) return *std::move(found);
  absl::StatusOr<HostedRepository> made = host.Create(name);
  if (absl::IsAlreadyExists(made.status())) {
    SLIPWAY_ASSIGN_OR_RETURN(found, host.Find(name));
    if (found) return *std::move(found);
  }
  if (made.ok() && created != nullptr) *created = true;
  return made;
}

}  // namespace slipway::gitops::provider
