#pragma once

#include <stop_token>
#include <string>

#include "libs/base/clock.h"
#include "libs/git/remote.h"
#include "libs/http/client.h"
#include "services/gitops/provider/host_map.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops::provider {

// What a host needs to work for a provider. A value with secrets; never logged.
struct Account {
  slipway::gitops::v1::GitOpsProviderSpec spec = {};  // without secrets
  std::string token = {};
  http::TlsOptions tls = {};
  Endpoints endpoints = {};
};

// The user that git gives for a spec: the host's own word where the token alone counts.
std::string GitUsername(const slipway::gitops::v1::GitOpsProviderSpec& spec);

// How git gets into the repository at `url` with this account.
git::GitRemote RemoteOf(const Account& account, const std::string& url);

// The URL of a repository of another name beside the one at `url`.
std::string SiblingUrl(const std::string& url, const std::string& name);

// Means that every host shares. All outlive the hosts.
struct Means {
  http::HttpClient& client;
  Clock& clock;
  std::stop_token stop = {};
};

}  // namespace slipway::gitops::provider
