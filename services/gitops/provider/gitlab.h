#pragma once

#include "services/gitops/provider/account.h"
#include "services/gitops/provider/host_api.h"
#include "services/gitops/provider/repository_host.h"

namespace slipway::gitops::provider {

// GitLab, gitlab.com or one's own, by its REST API v4 (https://docs.gitlab.com/api/projects/,
// https://docs.gitlab.com/api/groups/, https://docs.gitlab.com/api/personal_access_tokens/). Takes
// personal, group and project access tokens. A project that is deleted is only marked from version
// 18 on and keeps its name until a second deletion removes it.
class GitLab final : public RepositoryHost {
 public:
  GitLab(const Means& means, Account account);

  absl::Status Reach() override { return api_.Reach(); }
  absl::StatusOr<Identity> Authenticate() override;
  absl::StatusOr<std::optional<HostedRepository>> Find(const std::string& name) override;
  absl::StatusOr<HostedRepository> Create(const std::string& name) override;
  absl::Status Delete(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> ListNames(const std::string& prefix) override;

 private:
  absl::Status CheckToken(const boost::json::value& token, Identity& identity) const;
  HostedRepository Read(const boost::json::value& body) const;
  absl::Status Refused(const ApiAnswer& answer, const std::string& action) const;

  const Account account_;
  HostApi api_;
  int64_t group_id_ = 0;
  std::string group_path_;  // "acme/platform"
};

}  // namespace slipway::gitops::provider
