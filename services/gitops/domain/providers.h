#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/seal/key_ring.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/store/provider_store.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// GitOps providers: what people save, and what is in force. A saved spec takes effect when its
// validation passed; until then the one before it stays. Owned by App; thread-safe.
class Providers {
 public:
  // All outlive it.
  Providers(db::Pool& pool, Clock& clock, const seal::KeyRing& keys)
      : pool_(pool), clock_(clock), keys_(keys) {}
  // Called after a commit that leaves something to validate. Once, before use.
  void OnSaved(std::function<void()> saved) { saved_ = std::move(saved); }

  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Create(
      const slipway::gitops::v1::CreateGitOpsProviderRequest& request, const Caller& caller);
  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Get(const std::string& name);
  absl::StatusOr<slipway::gitops::v1::ListGitOpsProvidersResponse> List(
      const slipway::gitops::v1::ListGitOpsProvidersRequest& request);
  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Update(
      const slipway::gitops::v1::UpdateGitOpsProviderRequest& request, const Caller& caller);
  absl::Status Delete(const std::string& name, const Caller& caller);

  // The repository in force; empty: none.
  absl::StatusOr<std::optional<RepositoryAccess>> Active();
  // Access to the saved spec of a provider.
  absl::StatusOr<RepositoryAccess> AccessOf(const providers::Provider& provider) const;

 private:
  absl::Status Seal(slipway::gitops::v1::GitOpsProviderSpec& spec,
                    providers::Provider& provider) const;
  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Insert(
      db::Tx& tx, const std::string& id, const slipway::gitops::v1::GitOpsProvider& wanted,
      const Caller& caller);
  absl::StatusOr<RepositoryAccess> Access(const providers::Provider& provider,
                                          const slipway::gitops::v1::GitOpsProviderSpec& spec,
                                          const std::string& token) const;

  db::Pool& pool_;
  Clock& clock_;
  const seal::KeyRing& keys_;
  std::function<void()> saved_;
};

}  // namespace slipway::gitops
