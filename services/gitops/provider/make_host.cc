#include "services/gitops/provider/make_host.h"

#include <utility>

#include "libs/base/check.h"
#include "services/gitops/provider/azure_devops.h"
#include "services/gitops/provider/bitbucket_cloud.h"
#include "services/gitops/provider/github.h"
#include "services/gitops/provider/gitlab.h"

namespace slipway::gitops::provider {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

std::unique_ptr<RepositoryHost> MakeHost(const Means& means, Account account) {
  switch (account.spec.provider()) {
    case Spec::GITHUB:
      return std::make_unique<GitHub>(means, std::move(account));
    case Spec::GITLAB:
      return std::make_unique<GitLab>(means, std::move(account));
    case Spec::AZURE_DEVOPS:
      return std::make_unique<AzureDevOps>(means, std::move(account));
    case Spec::BITBUCKET_CLOUD:
      return std::make_unique<BitbucketCloud>(means, std::move(account));
    default:
      SLIPWAY_CHECK(false);
      return nullptr;
  }
}

}  // namespace slipway::gitops::provider
