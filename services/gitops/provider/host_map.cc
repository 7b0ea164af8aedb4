#include "services/gitops/provider/host_map.h"

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"

namespace slipway::gitops::provider {
namespace {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

constexpr std::string_view kAzureHost = "https://dev.azure.com";

Kind KindOf(std::string_view word) {
  if (word == "github") return Spec::GITHUB;
  if (word == "gitlab") return Spec::GITLAB;
  if (word == "azure-devops") return Spec::AZURE_DEVOPS;
  if (word == "bitbucket-cloud") return Spec::BITBUCKET_CLOUD;
  return Spec::PROVIDER_UNSPECIFIED;
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

std::string KindTitle(Kind kind) {
  switch (kind) {
    case Spec::GITHUB:
      return "GitHub";
    case Spec::GITLAB:
      return "GitLab";
    case Spec::AZURE_DEVOPS:
      return "Azure DevOps";
    case Spec::BITBUCKET_CLOUD:
      return "Bitbucket Cloud";
    default:
      return "Git";
  }
}

std::string DefaultHost(Kind kind) {
  switch (kind) {
    case Spec::GITHUB:
      return "https://github.com";
    case Spec::GITLAB:
      return "https://gitlab.com";
    case Spec::BITBUCKET_CLOUD:
      return "https://bitbucket.org";
    default:
      return "";
  }
}

absl::Status CheckHostUrl(const std::string& url) {
  SLIPWAY_RETURN_IF_ERROR(http::ParseUrl(url).status());
  if (url.find_first_of("?#") == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError("the URL of a host has neither query nor fragment");
}

absl::StatusOr<HostMap> HostMap::Create(const std::vector<std::string>& items) {
  HostMap map;
  for (const std::string& item : items) {
    const size_t dot = item.find('.');
    const size_t equals = item.find('=');
    const auto wrong = [&](std::string_view problem) {
      return absl::InvalidArgumentError("provider-hosts: \"" + item + "\" " + std::string(problem));
    };
    if (dot == std::string::npos || equals == std::string::npos || dot > equals)
      return wrong("is not of the form KIND.api=URL or KIND.git=URL");
    const Kind kind = KindOf(std::string_view(item).substr(0, dot));
    if (kind == Spec::PROVIDER_UNSPECIFIED)
      return wrong("names no kind of: github, gitlab, azure-devops, bitbucket-cloud");
    const std::string which = item.substr(dot + 1, equals - dot - 1);
    if (which != "api" && which != "git") return wrong("maps neither \"api\" nor \"git\"");
    const std::string url = WithoutSlash(item.substr(equals + 1));
    if (const absl::Status valid = CheckHostUrl(url); !valid.ok()) return wrong("has no valid URL");
    (which == "api" ? map.mapped_[kind].api : map.mapped_[kind].git) = url;
  }
  return map;
}

Endpoints HostMap::For(const Spec& spec) const {
  const std::string host = WithoutSlash(spec.host());
  const Kind kind = spec.provider();
  Endpoints found{.api = host, .git = host};
  if (kind == Spec::GITHUB) found.api = "https://api.github.com";
  if (kind == Spec::GITLAB) found.api = host + "/api/v4";
  if (kind == Spec::BITBUCKET_CLOUD) found.api = "https://api.bitbucket.org/2.0";
  const auto mapped = mapped_.find(kind);
  if (mapped == mapped_.end()) return found;
  // Of Azure DevOps the default host has the organisation behind it.
  const bool azure = kind == Spec::AZURE_DEVOPS;
  const std::string usual = azure ? std::string(kAzureHost) : DefaultHost(kind);
  const bool is_default = azure ? host.starts_with(usual + "/") : host == usual;
  if (!is_default) return found;
  const std::string rest = host.substr(usual.size());
  if (!mapped->second.api.empty()) found.api = mapped->second.api + rest;
  if (!mapped->second.git.empty()) found.git = mapped->second.git + rest;
  return found;
}

std::vector<std::string> HostMap::AllowedHosts() const {
  std::vector<std::string> pairs;
  for (const auto& [kind, endpoints] : mapped_) {
    for (const std::string& text : {endpoints.api, endpoints.git}) {
      const auto url = http::ParseUrl(text);
      if (!url.ok()) continue;
      const bool v6 = url->host.find(':') != std::string::npos;
      pairs.push_back((v6 ? "[" + url->host + "]" : url->host) + ":" + std::to_string(url->port));
    }
  }
  return pairs;
}

}  // namespace slipway::gitops::provider
