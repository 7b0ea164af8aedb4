#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops::provider {

using Kind = slipway::gitops::v1::GitOpsProviderSpec::Provider;

// "GitHub", "GitLab", "Azure DevOps", "Bitbucket Cloud", "Git".
std::string KindTitle(Kind kind);

// The URL that people see for a kind of host; empty where there is no default.
std::string DefaultHost(Kind kind);

// OK if `url` may be the URL of a host: http or https, without credentials, query and fragment.
absl::Status CheckHostUrl(const std::string& url);

// Where a host's API and its repositories are, both without '/' at the end. A value.
struct Endpoints {
  std::string api = {};
  std::string git = {};

  bool operator==(const Endpoints&) const = default;
};

// Where the hosts of each kind are reached: the public ones, unless the operator says otherwise (a
// proxy, an installation of one's own). Immutable, so thread-safe.
class HostMap {
 public:
  HostMap() = default;
  // Items like "github.api=https://ghe.internal/api/v3" and "github.git=https://ghe.internal";
  // kinds are github, gitlab, azure-devops, bitbucket-cloud. INVALID_ARGUMENT names an item that is
  // none.
  static absl::StatusOr<HostMap> Create(const std::vector<std::string>& items);

  // For a spec whose host is set. What is mapped stands for the kind's default host only: a host
  // that people gave is used as it is.
  Endpoints For(const slipway::gitops::v1::GitOpsProviderSpec& spec) const;

  // "host:port" of everything that is mapped: the operator's word that it may be called.
  std::vector<std::string> AllowedHosts() const;

 private:
  std::map<Kind, Endpoints> mapped_;
};

}  // namespace slipway::gitops::provider
