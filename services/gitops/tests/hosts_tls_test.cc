// The certificates of hosts and of us, with real TLS between.
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/tests/host_bench.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Spec = pb::GitOpsProviderSpec;
using State = pb::GitOpsProviderStatus;
using Transport = HostBench::Transport;

constexpr char kAuthority[] = "give the authority that signed it in spec.tls.caCertificate";

pb::GitOpsProvider Validate(HostBench& bench, const pb::GitOpsProvider& wanted) {
  const auto saved = bench.Apply(wanted);
  INFO(saved.status());
  REQUIRE(saved.ok());
  bench.MakeDue();
  return bench.Validated();
}

TEST_CASE("a host is trusted by the authority given, or not at all, by its API and by git") {
  HostBench bench(GENERATE(Spec::GITHUB, Spec::GITLAB, Spec::AZURE_DEVOPS, Spec::BITBUCKET_CLOUD),
                  Transport::kTls);
  auto wanted = bench.Wanted();
  const auto unknown = Validate(bench, wanted);
  REQUIRE(unknown.status().stages_size() > 0);
  CHECK(unknown.status().stages(0).name() == "reach");
  CHECK(unknown.status().stages(0).remedy() == kAuthority);
  CHECK(bench.host().Calls().empty());

  wanted.mutable_spec()->mutable_tls()->set_ca_certificate(bench.tls().other_ca());
  CHECK(Validate(bench, wanted).status().stages(0).remedy() == kAuthority);
  CHECK(bench.host().Calls().empty());

  wanted.mutable_spec()->mutable_tls()->set_ca_certificate(bench.tls().ca());
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  CHECK(ready.status().warnings().empty());
  CHECK(bench.host().Repositories() == std::vector<std::string>{"desired"});
}

TEST_CASE("a host of any certificate is trusted where that is asked for, with a warning") {
  HostBench bench(Spec::GITLAB, Transport::kTls);
  auto wanted = bench.Wanted();
  wanted.mutable_spec()->mutable_tls()->set_insecure_skip_verify(true);
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  CHECK(ready.status().state() == State::READY);
  REQUIRE(ready.status().warnings_size() == 1);
  CHECK(ready.status().warnings(0).find("any certificate is trusted") == 0);
}

TEST_CASE("a host that wants to know us gets our certificate, whose key nobody reads again") {
  HostBench bench(Spec::GITLAB, Transport::kClientTls);
  auto wanted = bench.Wanted();
  auto& tls = *wanted.mutable_spec()->mutable_tls();
  tls.set_ca_certificate(bench.tls().ca());
  const auto refused = Validate(bench, wanted);
  CHECK(refused.status().state() != State::READY);
  CHECK(bench.host().Calls().empty());

  tls.set_client_certificate(bench.tls().client_certificate());
  tls.mutable_client_key()->set_value(bench.tls().client_key());
  const auto ready = Validate(bench, wanted);
  INFO(ready.DebugString());
  REQUIRE(ready.status().state() == State::READY);
  CHECK(ready.status().client_key_set());
  CHECK_FALSE(ready.spec().tls().has_client_key());
  CHECK(bench.AllTexts().find(bench.tls().client_key().substr(30, 40)) == std::string::npos);

  // Saved again without the key, it stays; without the certificate, it goes.
  wanted.mutable_spec()->clear_token();
  tls.clear_client_key();
  CHECK(Validate(bench, wanted).status().state() == State::READY);
  tls.clear_client_certificate();
  CHECK_FALSE(Validate(bench, wanted).status().client_key_set());
}

}  // namespace
}  // namespace slipway::gitops
