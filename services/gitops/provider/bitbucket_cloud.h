#pragma once

#include "services/gitops/provider/account.h"
#include "services/gitops/provider/host_api.h"
#include "services/gitops/provider/repository_host.h"

namespace slipway::gitops::provider {

// Bitbucket Cloud, by its REST API 2.0
// (https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories/,
// .../api-group-workspaces/, .../api-group-projects/). Takes API tokens, with the e-mail of their
// user, and access tokens of a workspace or project, without. Creating answers 200, not 201; names
// are lower case. App passwords are gone since 2026-06-09.
class BitbucketCloud final : public RepositoryHost {
 public:
  BitbucketCloud(const Means& means, Account account);

  absl::Status Reach() override { return api_.Reach(); }
  absl::StatusOr<Identity> Authenticate() override;
  absl::StatusOr<std::optional<HostedRepository>> Find(const std::string& name) override;
  absl::StatusOr<HostedRepository> Create(const std::string& name) override;
  absl::Status Delete(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> ListNames(const std::string& prefix) override;

 private:
  const std::string& workspace() const { return account_.spec.workspace(); }
  std::string Path(const std::string& name) const;
  // The project that new repositories go to.
  absl::Status FindProject();
  HostedRepository Read(const boost::json::value& body) const;
  absl::Status Refused(const ApiAnswer& answer, const std::string& action,
                       const std::string& scope) const;

  const Account account_;
  HostApi api_;
  std::string project_key_;
};

}  // namespace slipway::gitops::provider
