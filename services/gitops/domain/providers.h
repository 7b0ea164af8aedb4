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
#include "services/gitops/provider/account.h"
#include "services/gitops/provider/host_map.h"
#include "services/gitops/store/provider_store.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// What a provider whose certificate is not checked is warned of, for as long as it is so.
inline constexpr char kAnyCertificate[] =
    "any certificate is trusted: who is in between reads the token";

// GitOps providers: what people save, and what is in force. A saved spec takes effect when its
// validation passed; until then the one before it stays. Owned by App; thread-safe.
class Providers {
 public:
  // All outlive it.
  Providers(db::Pool& pool, Clock& clock, const seal::KeyRing& keys, provider::HostMap hosts = {})
      : pool_(pool), clock_(clock), keys_(keys), hosts_(std::move(hosts)) {}
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
  // Access to the saved spec of a provider of plain git.
  absl::StatusOr<RepositoryAccess> AccessOf(const providers::Provider& provider) const;
  // The account on a host that a spec and sealed secrets stand for.
  absl::StatusOr<provider::Account> AccountOf(const std::string& uid,
                                              const slipway::gitops::v1::GitOpsProviderSpec& spec,
                                              const std::string& token,
                                              const std::string& client_key) const;

 private:
  absl::StatusOr<std::optional<RepositoryAccess>> ReadActive();
  absl::Status Seal(slipway::gitops::v1::GitOpsProviderSpec& spec,
                    providers::Provider& provider) const;
  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Insert(
      db::Tx& tx, const std::string& id, const slipway::gitops::v1::GitOpsProvider& wanted,
      const Caller& caller);
  // The bare spec and its secrets as they were sealed differ from what is saved.
  absl::StatusOr<bool> Differs(const providers::Provider& provider,
                               const slipway::gitops::v1::GitOpsProviderSpec& spec) const;
  // What saving this spec means for what runs already.
  absl::StatusOr<std::vector<std::string>> WarningsOf(db::Tx& tx,
                                                      const providers::Provider& provider) const;

  db::Pool& pool_;
  Clock& clock_;
  const seal::KeyRing& keys_;
  const provider::HostMap hosts_;
  std::function<void()> saved_;
  Mutex mu_;
  std::string stamp_ SLIPWAY_GUARDED_BY(mu_);  // of active_
  std::optional<RepositoryAccess> active_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
