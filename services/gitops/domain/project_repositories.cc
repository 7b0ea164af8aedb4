#include "services/gitops/domain/project_repositories.h"

#include <vector>

#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/provider/errors.h"
#include "services/gitops/provider/make_host.h"
#include "services/gitops/store/project_repository_store.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::string> ProjectRepositories::Ensure(const providers::Provider& provider,
                                                        const std::string& repository) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const provider::Account account,
      parts_.providers.AccountOf(provider.uid, *provider.live_spec, provider.live_token,
                                 provider.live_client_key));
  if (account.spec.provider() == slipway::gitops::v1::GitOpsProviderSpec::GIT) {
    const std::string url = provider::SiblingUrl(account.spec.url(), repository);
    SLIPWAY_RETURN_IF_ERROR(parts_.cli.ListRemote(provider::RemoteOf(account, url)).status());
    return url;
  }
  const auto host = provider::MakeHost({.client = parts_.client, .clock = parts_.clock}, account);
  SLIPWAY_RETURN_IF_ERROR(host->Authenticate().status());
  SLIPWAY_ASSIGN_OR_RETURN(const provider::HostedRepository there,
                           provider::EnsureRepository(*host, repository));
  return there.clone_url;
}

absl::Status ProjectRepositories::Prepare(const std::string& project) {
  std::optional<providers::Provider> provider;
  std::map<std::string, project_repositories::ProjectRepository> all;
  SLIPWAY_RETURN_IF_ERROR(
      db::RunTx(parts_.pool, "project_repositories.read", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(provider, providers::GetInForce(tx));
        SLIPWAY_ASSIGN_OR_RETURN(all, project_repositories::ListAll(tx));
        return absl::OkStatus();
      }));
  if (!provider || !provider->live_spec) return NoActiveProvider();
  const auto own = all.find(project);
  if (own == all.end()) return absl::OkStatus();
  const absl::StatusOr<std::string> url = Ensure(*provider, own->second.repository);
  if (!url.ok()) {
    const auto account = parts_.providers.AccountOf(
        provider->uid, *provider->live_spec, provider->live_token, provider->live_client_key);
    return account.ok() ? provider::WithoutSecrets(url.status(), {account->token}) : url.status();
  }
  return db::RunTx(
      parts_.pool, "project_repositories.made", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(project_repositories::SetMade(
            tx, project,
            {.repository = own->second.repository, .url = *url, .provider_uid = provider->uid}));
        return journal::Append(tx, {.subject = "projects/" + project,
                                    .kind = "project",
                                    .event = "project.repository_ready",
                                    .verdict = journal::Verdict::kDone,
                                    .message = "deployments of this project go to " + *url,
                                    .project = project});
      });
}

}  // namespace slipway::gitops
