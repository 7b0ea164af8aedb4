#pragma once

#include "services/gitops/provider/account.h"
#include "services/gitops/provider/host_api.h"
#include "services/gitops/provider/repository_host.h"

namespace slipway::gitops::provider {

// GitHub, by its REST API of version 2022-11-28
// (https://docs.github.com/en/rest/repos/repos, https://docs.github.com/en/rest/users/users,
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api). Takes classic
// tokens, whose scopes it reads from X-OAuth-Scopes, and fine-grained ones, which have none there.
// Private things that a token may not see are 404 there, not 403.
class GitHub final : public RepositoryHost {
 public:
  GitHub(const Means& means, Account account);

  absl::Status Reach() override { return api_.Reach(); }
  absl::StatusOr<Identity> Authenticate() override;
  absl::StatusOr<std::optional<HostedRepository>> Find(const std::string& name) override;
  absl::StatusOr<HostedRepository> Create(const std::string& name) override;
  absl::Status Delete(const std::string& name) override;
  absl::StatusOr<std::vector<std::string>> ListNames(const std::string& prefix) override;

 private:
  const std::string& owner() const { return account_.spec.organization(); }
  absl::Status FindOwner();
  HostedRepository Read(const boost::json::value& body) const;
  // The status of an answer that is not the one hoped for.
  absl::Status Refused(const ApiAnswer& answer, const std::string& action,
                       const std::string& scope) const;

  const Account account_;
  HostApi api_;
  std::string login_;
  bool is_user_ = false;  // the owner is the token's user, not an organization
};

}  // namespace slipway::gitops::provider
