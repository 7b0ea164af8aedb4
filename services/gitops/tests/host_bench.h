#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/db/testing/test_database.h"
#include "libs/events/outbox.h"
#include "libs/journal/journal.h"
#include "services/gitops/domain/project_repositories.h"
#include "services/gitops/domain/provider_validator.h"
#include "services/gitops/testing/fake_hosts/fake_host.h"
#include "services/gitops/testing/tls_front.h"

namespace slipway::gitops {

// Providers over PostgreSQL and a fake of one kind of host with a real git server, for tests. One
// object stands for a process: Restart() makes another one over the same database.
class HostBench {
 public:
  using Spec = slipway::gitops::v1::GitOpsProviderSpec;

  // How the host is reached: kClientTls takes only who proves itself.
  enum class Transport { kPlain, kTls, kClientTls };

  explicit HostBench(Spec::Provider kind, Transport transport = Transport::kPlain);
  ~HostBench();

  Spec::Provider kind() const { return kind_; }
  fake::FakeHost& host() { return *host_; }
  const TlsFront& tls() const { return *front_; }
  Providers& providers() { return *providers_; }
  ProviderValidator& validator() { return *validator_; }
  ProjectRepositories& project_repositories() { return *project_repositories_; }
  DesiredRepository& repository() { return *repository_; }
  FakeClock& clock() { return clock_; }
  db::TestDatabase& database() { return database_; }

  // A spec that passes, with the fake's token, for provider "host".
  slipway::gitops::v1::GitOpsProvider Wanted(
      const std::string& token = fake::FakeHost::kToken) const;
  absl::StatusOr<slipway::gitops::v1::GitOpsProvider> Apply(
      const slipway::gitops::v1::GitOpsProvider& wanted);
  // After one pass of the validator.
  slipway::gitops::v1::GitOpsProvider Validated();
  void Restart();
  // Puts off nothing any more.
  void MakeDue();

  // Settings of a process of the program that works on the same providers.
  std::map<std::string, std::string> FlagsOfProcess() const;

  // Names of repositories on the host that a validation made.
  std::vector<std::string> Left() const;
  int64_t Leftovers();
  // Everything that people may read about the provider: status and journal.
  std::string AllTexts();

 private:
  // "KIND.api=URL" and "KIND.git=URL"
  std::vector<std::string> Hosts() const;

  const Spec::Provider kind_;
  db::TestDatabase database_;
  std::unique_ptr<fake::FakeHost> host_;
  std::unique_ptr<TlsFront> front_;  // null: plain
  TempDir folder_;
  FakeClock clock_{absl::Now()};
  http::HttpClient client_;
  std::unique_ptr<seal::KeyRing> keys_;
  std::unique_ptr<git::GitCli> cli_;
  std::unique_ptr<git::MirrorStore> mirrors_;
  std::optional<http::OutgoingGuard> guard_;
  std::unique_ptr<DesiredRepository> repository_;
  std::unique_ptr<Providers> providers_;
  std::unique_ptr<ProviderValidator> validator_;
  std::unique_ptr<ProjectRepositories> project_repositories_;
};

}  // namespace slipway::gitops
