#include "services/gitops/provider/spec_rules.h"

#include <catch2/catch.hpp>
#include <functional>

#include "libs/base/error.h"
#include "services/gitops/provider/account.h"
#include "services/gitops/provider/errors.h"
#include "services/gitops/provider/host_map.h"

namespace slipway::gitops::provider {
namespace {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

Spec Github() {
  Spec spec;
  spec.set_provider(Spec::GITHUB);
  spec.set_organization("acme");
  return spec;
}

Spec Gitlab() {
  Spec spec;
  spec.set_provider(Spec::GITLAB);
  spec.set_group_id("acme/platform");
  return spec;
}

Spec Azure() {
  Spec spec;
  spec.set_provider(Spec::AZURE_DEVOPS);
  spec.set_host("https://dev.azure.com/acme/");
  spec.set_project("Shop Floor");
  return spec;
}

Spec Bitbucket() {
  Spec spec;
  spec.set_provider(Spec::BITBUCKET_CLOUD);
  spec.set_workspace("acme");
  return spec;
}

std::string WrongField(const Spec& spec) {
  const auto checked = CheckedSpec(spec);
  if (checked.ok()) return "";
  const auto violations = DetailsOf(checked.status()).field_violations;
  return violations.empty() ? "?" : violations[0].field;
}

TEST_CASE("each kind of host has its default URL, branch and repository") {
  CHECK(CheckedSpec(Github())->host() == "https://github.com");
  CHECK(CheckedSpec(Gitlab())->host() == "https://gitlab.com");
  CHECK(CheckedSpec(Azure())->host() == "https://dev.azure.com/acme");
  CHECK(CheckedSpec(Bitbucket())->host() == "https://bitbucket.org");
  CHECK(CheckedSpec(Github())->branch() == "main");
  CHECK(CheckedSpec(Bitbucket())->repository() == "slipway-gitops");
}

TEST_CASE("each mistake in a spec names its field") {
  struct Row {
    Spec spec;
    std::function<void(Spec&)> spoil;
    std::string field;
  };
  const std::vector<Row> rows = {
      {Github(), [](Spec& s) { s.clear_organization(); }, "organization"},
      {Github(), [](Spec& s) { s.set_organization("a/b"); }, "organization"},
      {Github(), [](Spec& s) { s.set_host("https://ghe.internal"); }, "host"},
      {Github(), [](Spec& s) { s.set_url("https://github.com/a/b"); }, "url"},
      {Github(), [](Spec& s) { s.set_group_id("1"); }, "groupId"},
      {Github(), [](Spec& s) { s.set_repository("../x"); }, "repository"},
      {Github(), [](Spec& s) { s.set_repository("x.git"); }, "repository"},
      {Github(), [](Spec& s) { s.mutable_token()->set_value("a\nb"); }, "token"},
      {Gitlab(), [](Spec& s) { s.clear_group_id(); }, "groupId"},
      {Gitlab(), [](Spec& s) { s.set_group_id("a//b"); }, "groupId"},
      {Gitlab(), [](Spec& s) { s.set_group_id("../b"); }, "groupId"},
      {Gitlab(), [](Spec& s) { s.set_host("gitlab.internal"); }, "host"},
      {Gitlab(), [](Spec& s) { s.set_host("https://u:p@gitlab.internal"); }, "host"},
      {Azure(), [](Spec& s) { s.clear_host(); }, "host"},
      {Azure(), [](Spec& s) { s.set_host("https://dev.azure.com/"); }, "host"},
      {Azure(), [](Spec& s) { s.clear_project(); }, "project"},
      {Azure(), [](Spec& s) { s.set_project("a/b"); }, "project"},
      {Bitbucket(), [](Spec& s) { s.clear_workspace(); }, "workspace"},
      {Bitbucket(), [](Spec& s) { s.set_host("https://bitbucket.internal"); }, "host"},
      {Bitbucket(), [](Spec& s) { s.set_project_key("a b"); }, "projectKey"},
      {Bitbucket(), [](Spec& s) { s.set_email("ada"); }, "email"},
      {Bitbucket(), [](Spec& s) { s.set_repository("Desired"); }, "repository"},
      {Bitbucket(), [](Spec& s) { s.mutable_tls()->set_ca_certificate("x"); }, "tls.caCertificate"},
      {Gitlab(),
       [](Spec& s) { s.mutable_tls()->mutable_client_key()->set_value("-----BEGIN KEY-----"); },
       "tls.clientCertificate"},
  };
  for (const Row& row : rows) {
    Spec spec = row.spec;
    CHECK(WrongField(spec).empty());
    row.spoil(spec);
    CHECK(WrongField(spec) == "gitopsProvider.spec." + row.field);
  }
}

TEST_CASE("a GitLab of one's own and an Azure DevOps server may be given") {
  Spec gitlab = Gitlab();
  gitlab.set_host("https://git.internal:8443/gitlab/");
  CHECK(HostMap().For(*CheckedSpec(gitlab)) ==
        Endpoints{"https://git.internal:8443/gitlab/api/v4", "https://git.internal:8443/gitlab"});
  Spec azure = Azure();
  azure.set_host("https://tfs.internal/tfs/DefaultCollection");
  CHECK(HostMap().For(*CheckedSpec(azure)).api == "https://tfs.internal/tfs/DefaultCollection");
}

TEST_CASE("what the operator maps stands for the default host, never for a host that people gave") {
  const auto map =
      HostMap::Create({"github.api=https://ghe.internal/api/v3/", "github.git=https://ghe.internal",
                       "gitlab.api=http://127.0.0.1:81", "azure-devops.api=http://[::1]:82"});
  REQUIRE(map.ok());
  CHECK(map->For(*CheckedSpec(Github())) ==
        Endpoints{"https://ghe.internal/api/v3", "https://ghe.internal"});
  CHECK(map->For(*CheckedSpec(Gitlab())) == Endpoints{"http://127.0.0.1:81", "https://gitlab.com"});
  CHECK(map->For(*CheckedSpec(Azure())) ==
        Endpoints{"http://[::1]:82/acme", "https://dev.azure.com/acme"});
  CHECK(map->For(*CheckedSpec(Bitbucket())).api == "https://api.bitbucket.org/2.0");
  Spec own = Gitlab();
  own.set_host("https://gitlab.internal");
  CHECK(map->For(*CheckedSpec(own)).api == "https://gitlab.internal/api/v4");
  CHECK(map->AllowedHosts() == std::vector<std::string>{"ghe.internal:443", "ghe.internal:443",
                                                        "127.0.0.1:81", "[::1]:82"});
  for (const char* wrong : {"github=https://x", "gitea.api=https://x", "github.web=https://x",
                            "github.api=ftp://x", "github.api"}) {
    CHECK(absl::IsInvalidArgument(HostMap::Create({wrong}).status()));
  }
}

TEST_CASE("a stored token goes to the same host of the same kind only") {
  const Spec github = *CheckedSpec(Github());
  Spec moved = github;
  moved.set_organization("other");
  CHECK(SameHost(github, moved));
  Spec gitlab = *CheckedSpec(Gitlab());
  CHECK_FALSE(SameHost(github, gitlab));
  Spec own = gitlab;
  own.set_host("https://gitlab.internal");
  CHECK_FALSE(SameHost(gitlab, own));
}

TEST_CASE("git gets the user name that the host asks for") {
  CHECK(GitUsername(Github()) == "x-access-token");
  CHECK(GitUsername(Gitlab()) == "oauth2");
  CHECK(GitUsername(Bitbucket()) == "x-token-auth");
  Spec bitbucket = Bitbucket();
  bitbucket.set_email("ada@acme.example");
  CHECK(GitUsername(bitbucket) == "x-bitbucket-api-token-auth");
  bitbucket.set_username("ada");
  CHECK(GitUsername(bitbucket) == "ada");
}

TEST_CASE("the remedy follows from the reason of an error, not from words in its message") {
  const auto remedy = [](absl::StatusCode code, const char* reason) {
    ErrorDetails details;
    details.reason = reason;
    return RemedyOf(MakeError(code, "GET https://git.example: Certificate", details));
  };
  constexpr char kAuthority[] = "give the authority that signed it in spec.tls.caCertificate";
  CHECK(remedy(absl::StatusCode::kUnavailable, "HTTP_CERTIFICATE") == kAuthority);
  CHECK(remedy(absl::StatusCode::kFailedPrecondition, "GIT_CERTIFICATE") == kAuthority);
  CHECK(remedy(absl::StatusCode::kUnavailable, "HOST_FAILED") == "it is tried again by itself");
}

TEST_CASE("secrets are taken out of errors, and their remedy stays") {
  const absl::Status status = WithoutSecrets(
      HostRefused("GitHub", "create repositories", 400, "no s3cret, s3cret!"), {"s3cret", ""});
  CHECK(MessageOf(status) == "GitHub refuses to create repositories (400): no ***, ***!");
  CHECK(RemedyOf(status) == "correct it and save the provider again");
  CHECK(DetailsOf(status).reason == "HOST_REFUSED");
}

}  // namespace
}  // namespace slipway::gitops::provider
