#include "services/gitops/provider/account.h"

namespace slipway::gitops::provider {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

std::string GitUsername(const Spec& spec) {
  const bool bitbucket = spec.provider() == Spec::BITBUCKET_CLOUD;
  // An access token has no user:
  // https://support.atlassian.com/bitbucket-cloud/docs/using-access-tokens/
  if (bitbucket && spec.email().empty()) return "x-token-auth";
  if (!spec.username().empty()) return spec.username();
  switch (spec.provider()) {
    case Spec::GITHUB:
      return "x-access-token";
    case Spec::GITLAB:
      return "oauth2";
    case Spec::AZURE_DEVOPS:
      return "slipway";
    case Spec::BITBUCKET_CLOUD:
      return "x-bitbucket-api-token-auth";
    default:
      return "";
  }
}

git::GitRemote RemoteOf(const Account& account, const std::string& url) {
  return {.url = url,
          .username = GitUsername(account.spec),
          .password = account.token,
          .tls = account.tls};
}

std::string SiblingUrl(const std::string& url, const std::string& name) {
  return url.substr(0, url.rfind('/') + 1) + name + (url.ends_with(".git") ? ".git" : "");
}

}  // namespace slipway::gitops::provider
