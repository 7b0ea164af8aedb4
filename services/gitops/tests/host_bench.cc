#include "services/gitops/tests/host_bench.h"

#include <catch2/catch.hpp>

#include "libs/base/strings.h"
#include "services/gitops/testing/fake_hosts/fake_azure_devops.h"
#include "services/gitops/testing/fake_hosts/fake_bitbucket.h"
#include "services/gitops/testing/fake_hosts/fake_github.h"
#include "services/gitops/testing/fake_hosts/fake_gitlab.h"

namespace slipway::gitops {
namespace {

using Spec = HostBench::Spec;

std::unique_ptr<fake::FakeHost> MakeFake(Spec::Provider kind) {
  switch (kind) {
    case Spec::GITHUB:
      return std::make_unique<fake::FakeGitHub>();
    case Spec::GITLAB:
      return std::make_unique<fake::FakeGitLab>();
    case Spec::AZURE_DEVOPS:
      return std::make_unique<fake::FakeAzureDevOps>();
    default:
      return std::make_unique<fake::FakeBitbucket>();
  }
}

std::string WordOf(Spec::Provider kind) {
  switch (kind) {
    case Spec::GITHUB:
      return "github";
    case Spec::GITLAB:
      return "gitlab";
    case Spec::AZURE_DEVOPS:
      return "azure-devops";
    default:
      return "bitbucket-cloud";
  }
}

}  // namespace

HostBench::HostBench(Spec::Provider kind, Transport transport)
    : kind_(kind),
      database_({{"gitops", embedded::kFiles}, journal::Migrations(), events::Migrations()},
                "gitops"),
      host_(MakeFake(kind)),
      folder_(*TempDir::Create("hosts-")) {
  REQUIRE(seal::CreateKeyFile(folder_.path() + "/kek").ok());
  keys_ = *seal::KeyRing::Load({folder_.path() + "/kek"});
  if (transport != Transport::kPlain)
    front_ = std::make_unique<TlsFront>(host_->Pairs(), transport == Transport::kClientTls);
  guard_ = *http::OutgoingGuard::Create(front_ ? front_->Pairs() : host_->Pairs());
  Restart();
}

HostBench::~HostBench() = default;

std::vector<std::string> HostBench::Hosts() const {
  const auto url = [this](const std::string& plain) {
    return front_ ? front_->UrlOf(plain) : plain;
  };
  const std::string word = WordOf(kind_);
  return {word + ".api=" + url(host_->ApiUrl()), word + ".git=" + url(host_->GitUrl())};
}

std::map<std::string, std::string> HostBench::FlagsOfProcess() const {
  return {{"kek-file", folder_.path() + "/kek"}, {"provider-hosts", Join(Hosts(), ",")}};
}

void HostBench::Restart() {
  validator_.reset();
  const auto hosts = provider::HostMap::Create(Hosts());
  REQUIRE(hosts.ok());
  cli_ = *git::GitCli::Create({.stop = {}, .guard = &*guard_});
  mirrors_ = std::make_unique<git::MirrorStore>(*cli_, folder_.path() + "/mirrors");
  repository_ = std::make_unique<DesiredRepository>(*mirrors_, *guard_);
  providers_ = std::make_unique<Providers>(database_.pool(), clock_, *keys_, *hosts);
  validator_ = std::make_unique<ProviderValidator>(ProviderValidator::Parts{
      database_.pool(), clock_, *providers_, *repository_, *cli_, client_, {}, "gitops-0"});
  project_repositories_ = std::make_unique<ProjectRepositories>(
      ProjectRepositories::Parts{database_.pool(), clock_, *providers_, *cli_, client_});
}

slipway::gitops::v1::GitOpsProvider HostBench::Wanted(const std::string& token) const {
  slipway::gitops::v1::GitOpsProvider wanted;
  wanted.set_name("gitopsProviders/host");
  Spec& spec = *wanted.mutable_spec();
  spec.set_provider(kind_);
  spec.set_active(true);
  spec.set_repository("desired");
  spec.mutable_token()->set_value(token);
  switch (kind_) {
    case Spec::GITHUB:
      spec.set_organization("acme");
      break;
    case Spec::GITLAB:
      spec.set_group_id("42");
      break;
    case Spec::AZURE_DEVOPS:
      spec.set_host("https://dev.azure.com/acme");
      spec.set_project("Shop Floor");
      break;
    default:
      spec.set_workspace("acme");
      spec.set_email(fake::FakeBitbucket::kEmail);
  }
  return wanted;
}

absl::StatusOr<slipway::gitops::v1::GitOpsProvider> HostBench::Apply(
    const slipway::gitops::v1::GitOpsProvider& wanted) {
  slipway::gitops::v1::UpdateGitOpsProviderRequest request;
  *request.mutable_gitops_provider() = wanted;
  request.set_allow_missing(true);
  return providers_->Update(request, {.actor = "user:admin"});
}

slipway::gitops::v1::GitOpsProvider HostBench::Validated() {
  validator_->Pass();
  return *providers_->Get("gitopsProviders/host");
}

void HostBench::MakeDue() {
  database_.Exec("UPDATE providers SET next_attempt = now()");
  database_.Exec("UPDATE provider_leftovers SET next_attempt = now()");
}

std::vector<std::string> HostBench::Left() const {
  std::vector<std::string> left;
  for (const std::string& name : host_->Repositories()) {
    if (name.find("slipway-validation") != std::string::npos) left.push_back(name);
  }
  return left;
}

int64_t HostBench::Leftovers() {
  return std::stoll(database_.Value("SELECT count(*)::text AS v FROM provider_leftovers"));
}

std::string HostBench::AllTexts() {
  return providers_->Get("gitopsProviders/host")->DebugString() +
         database_.Value("SELECT coalesce(string_agg(journal::text, ' '), '') AS v FROM journal");
}

}  // namespace slipway::gitops
