#pragma once

#include "services/gitops/provider/account.h"
#include "services/gitops/provider/host_api.h"
#include "services/gitops/provider/repository_host.h"

namespace slipway::gitops::provider {

// Azure DevOps, Services or a server of one's own, by its REST API 7.1
// (https://learn.microsoft.com/en-us/rest/api/azure/devops/git/repositories,
// .../core/projects/get, .../git/repositories/delete-repository-from-recycle-bin). A token that is
// wrong or out of date is answered with 203 or a redirect to a page for signing in; there is
// nothing that tells a token's scopes. Repositories are as visible as their project.
class AzureDevOps final : public RepositoryHost {
 public:
  AzureDevOps(const Means& means, Account account);

  absl::Status Reach() override { return api_.Reach(); }
  absl::StatusOr<Identity> Authenticate() override;
  absl::StatusOr<std::optional<HostedRepository>> Find(const std::string& name) override;
  absl::StatusOr<HostedRepository> Create(const std::string& name) override;
  absl::Status Delete(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> ListNames(const std::string& prefix) override;

 private:
  std::string Path(const std::string& rest) const;
  HostedRepository Read(const boost::json::value& body) const;
  // `signed_in`: the token has been accepted before, so a refusal is about its scopes.
  absl::Status Refused(const ApiAnswer& answer, const std::string& action, bool signed_in) const;

  const Account account_;
  HostApi api_;
  std::string project_id_;  // empty: not known, the path says it
};

}  // namespace slipway::gitops::provider
