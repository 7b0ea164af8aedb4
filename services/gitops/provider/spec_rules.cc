#include "services/gitops/provider/spec_rules.h"

#include <algorithm>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/names.h"
#include "libs/http/url.h"
#include "services/gitops/provider/host_map.h"

namespace slipway::gitops::provider {
namespace {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

constexpr char kDefaultRepository[] = "slipway-gitops";
constexpr size_t kMaxPem = 65536;

std::string Path(std::string_view field) { return "gitopsProvider.spec." + std::string(field); }

absl::Status Wrong(std::string_view field, std::string_view problem) {
  return InvalidField(Path(field), problem);
}

// A field of one kind of host: the place where repositories go, and what belongs to it.
struct HostField {
  const char* name;
  const std::string& (Spec::*get)() const;
  std::vector<Kind> kinds;
  bool required;
};

const std::vector<HostField>& HostFields() {
  static const std::vector<HostField> fields = {
      {"url", &Spec::url, {Spec::GIT}, true},
      {"host",
       &Spec::host,
       {Spec::GITHUB, Spec::GITLAB, Spec::AZURE_DEVOPS, Spec::BITBUCKET_CLOUD},
       false},
      {"organization", &Spec::organization, {Spec::GITHUB}, true},
      {"groupId", &Spec::group_id, {Spec::GITLAB}, true},
      {"project", &Spec::project, {Spec::AZURE_DEVOPS}, true},
      {"workspace", &Spec::workspace, {Spec::BITBUCKET_CLOUD}, true},
      {"projectKey", &Spec::project_key, {Spec::BITBUCKET_CLOUD}, false},
      {"email", &Spec::email, {Spec::BITBUCKET_CLOUD}, false},
      {"repository",
       &Spec::repository,
       {Spec::GITHUB, Spec::GITLAB, Spec::AZURE_DEVOPS, Spec::BITBUCKET_CLOUD},
       false},
  };
  return fields;
}

absl::Status CheckFieldsOf(const Spec& spec) {
  const Kind kind = spec.provider();
  for (const HostField& field : HostFields()) {
    const std::string& value = (spec.*field.get)();
    const bool known = std::find(field.kinds.begin(), field.kinds.end(), kind) != field.kinds.end();
    if (!known && !value.empty())
      return Wrong(field.name, "is not for the kind of host " + Spec::Provider_Name(kind));
    if (known && field.required && value.empty())
      return Wrong(field.name, "must be set for " + KindTitle(kind));
    const bool control = std::any_of(value.begin(), value.end(),
                                     [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (value.size() > 500 || control)
      return Wrong(field.name, "is too long or holds a line break");
  }
  return absl::OkStatus();
}

absl::Status CheckHost(Spec& spec) {
  const Kind kind = spec.provider();
  const std::string usual = DefaultHost(kind);
  while (spec.host().ends_with('/')) spec.mutable_host()->pop_back();
  if (spec.host().empty()) spec.set_host(usual);
  if (spec.host().empty()) {
    return Wrong("host", "must be the URL of the organisation: https://dev.azure.com/ORGANISATION");
  }
  if (const absl::Status url = CheckHostUrl(spec.host()); !url.ok())
    return Wrong("host", MessageOf(url));
  const bool fixed = kind == Spec::GITHUB || kind == Spec::BITBUCKET_CLOUD;
  if (fixed && spec.host() != usual)
    return Wrong("host", "can't be changed for " + KindTitle(kind) + ": it is " + usual);
  if (kind == Spec::AZURE_DEVOPS) {
    SLIPWAY_ASSIGN_OR_RETURN(const http::Url url, http::ParseUrl(spec.host()));
    if (url.path.size() < 2 && !url.host.ends_with(".visualstudio.com"))
      return Wrong("host", "must end with the organisation: https://dev.azure.com/ORGANISATION");
  }
  return absl::OkStatus();
}

// Letters, digits and `more`, beginning with a letter, a digit or '_'.
bool IsName(std::string_view text, std::string_view more = "._-") {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && plain(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
    return plain(c) || more.find(c) != std::string_view::npos;
  });
}

// Names that stand in a path: one segment each (of GitLab's groups several).
absl::Status CheckPlace(const Spec& spec) {
  const std::vector<std::string> groups = Split(spec.group_id(), '/');
  switch (spec.provider()) {
    case Spec::GITHUB:
      if (IsName(spec.organization())) return absl::OkStatus();
      return Wrong("organization", "is not the name of an organization");
    case Spec::GITLAB:
      if (std::all_of(groups.begin(), groups.end(), [](const auto& part) { return IsName(part); }))
        return absl::OkStatus();
      return Wrong("groupId", "is neither the id nor the full path of a group");
    case Spec::AZURE_DEVOPS:
      // https://learn.microsoft.com/en-us/azure/devops/organizations/settings/naming-restrictions
      if (spec.project().size() <= 64 &&
          spec.project().find_first_of("\\/:*?\"<>|;#$*{},+=[]") == std::string::npos &&
          spec.project().front() != '_' && spec.project().front() != '.') {
        return absl::OkStatus();
      }
      return Wrong("project", "is not the name of a project");
    case Spec::BITBUCKET_CLOUD:
      if (!IsName(spec.workspace())) return Wrong("workspace", "is not the id of a workspace");
      if (!spec.project_key().empty() && !IsName(spec.project_key(), "_"))
        return Wrong("projectKey", "is not the key of a project");
      if (!spec.email().empty() && spec.email().find('@') == std::string::npos)
        return Wrong("email", "is not an e-mail address");
      if (spec.email().find(':') != std::string::npos)
        return Wrong("email", "holds a character that no e-mail address has");
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

absl::Status CheckTls(const Spec& spec) {
  const auto pem = [](std::string_view field, const std::string& text) -> absl::Status {
    if (text.empty() || (text.size() <= kMaxPem && text.find("-----BEGIN ") != std::string::npos)) {
      return absl::OkStatus();
    }
    return Wrong(field, "is not PEM: -----BEGIN ...");
  };
  const Spec::Tls& tls = spec.tls();
  SLIPWAY_RETURN_IF_ERROR(pem("tls.caCertificate", tls.ca_certificate()));
  SLIPWAY_RETURN_IF_ERROR(pem("tls.clientCertificate", tls.client_certificate()));
  SLIPWAY_RETURN_IF_ERROR(pem("tls.clientKey", tls.client_key().value()));
  if (tls.insecure_skip_verify() && !tls.ca_certificate().empty())
    return Wrong("tls.insecureSkipVerify", "makes no sense together with tls.caCertificate");
  if (!tls.client_key().value().empty() && tls.client_certificate().empty())
    return Wrong("tls.clientCertificate", "must be given with tls.clientKey");
  return absl::OkStatus();
}

absl::Status CheckHosted(Spec& spec) {
  SLIPWAY_RETURN_IF_ERROR(CheckHost(spec));
  SLIPWAY_RETURN_IF_ERROR(CheckPlace(spec));
  if (spec.repository().empty()) spec.set_repository(kDefaultRepository);
  SLIPWAY_RETURN_IF_ERROR(CheckRepositoryName(spec.repository(), Path("repository")));
  if (spec.provider() == Spec::BITBUCKET_CLOUD && ToLower(spec.repository()) != spec.repository())
    return Wrong("repository", "must be lower case on Bitbucket Cloud");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Spec> CheckedSpec(Spec spec) {
  if (spec.provider() == Spec::PROVIDER_UNSPECIFIED) spec.set_provider(Spec::GIT);
  if (!Spec::Provider_IsValid(spec.provider())) {
    return Wrong("provider",
                 "this kind of host is not known; use GIT, GITHUB, GITLAB, AZURE_DEVOPS or "
                 "BITBUCKET_CLOUD");
  }
  SLIPWAY_RETURN_IF_ERROR(CheckFieldsOf(spec));
  if (spec.provider() == Spec::GIT) {
    if (const absl::Status url = git::ValidateUrl(spec.url()); !url.ok())
      return Wrong("url", MessageOf(url));
  } else {
    SLIPWAY_RETURN_IF_ERROR(CheckHosted(spec));
  }
  if (spec.branch().empty()) spec.set_branch("main");
  const absl::Status branch = git::ValidateRefName(spec.branch());
  if (!branch.ok()) return Wrong("branch", MessageOf(branch));
  if (spec.username().find_first_of(":\n\r") != std::string::npos)
    return Wrong("username", "holds a character that no user name has");
  if (spec.token().value().size() > 16384) return Wrong("token", "is too long");
  if (spec.token().value().find_first_of("\r\n") != std::string::npos)
    return Wrong("token", "holds a line break");
  SLIPWAY_RETURN_IF_ERROR(CheckTls(spec));
  return spec;
}

bool SameHost(const Spec& a, const Spec& b) {
  if (a.provider() != b.provider()) return false;
  const bool plain = a.provider() == Spec::GIT;
  const auto left = http::ParseUrl(plain ? a.url() : a.host());
  const auto right = http::ParseUrl(plain ? b.url() : b.host());
  return left.ok() && right.ok() && left->SameOrigin(*right);
}

absl::Status CheckRepositoryName(const std::string& name, std::string_view field) {
  if (name.size() <= 62 && IsName(name) && !name.ends_with(".git") && !name.ends_with('.'))
    return absl::OkStatus();
  return InvalidField(field,
                      "is not the name of a repository: up to 62 letters, digits, \".\", \"_\" "
                      "and \"-\"");
}

}  // namespace slipway::gitops::provider
