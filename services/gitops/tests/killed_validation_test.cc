#include <signal.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <string>

#include "libs/base/file.h"
#include "services/gitops/testing/gitops_process.h"
#include "services/gitops/tests/host_bench.h"

namespace slipway::gitops {
namespace {

using Spec = slipway::gitops::v1::GitOpsProviderSpec;

constexpr std::chrono::seconds kTime(20);

// Holds the server's thread at the first call that contains a text, until Release.
class Gate {
 public:
  Gate(fake::FakeHost& host, std::string what) : host_(host), what_(std::move(what)) {
    host_.OnCall([this](const std::string& call) {
      if (call.find(what_) == std::string::npos || met_already_.exchange(true)) return;
      met_.set_value();
      released_.get_future().wait();
    });
  }
  bool AwaitMet() { return met_.get_future().wait_for(kTime) == std::future_status::ready; }
  void Release() { released_.set_value(); }

 private:
  fake::FakeHost& host_;
  const std::string what_;
  std::atomic<bool> met_already_ = false;
  std::promise<void> met_, released_;
};

TEST_CASE("a process that is killed while it validates leaves nothing on the host for good") {
  // As it asks for the repository, which is made all the same; and as it deletes it.
  const char* moment = GENERATE("POST ", "DELETE ");
  INFO(moment);
  HostBench bench(Spec::GITLAB);
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  const auto root = TempDir::Create("killed-validation-");
  Gate gate(bench.host(), moment);
  GitOpsProcess first(bench.database(), root->path(), "gitops-0", bench.FlagsOfProcess());
  REQUIRE(gate.AwaitMet());
  first.End(SIGKILL);
  gate.Release();
  CHECK(bench.Leftovers() == 1);

  // The next one sweeps, and validates from the beginning.
  bench.host().OnCall(nullptr);
  GitOpsProcess next(bench.database(), root->path(), "gitops-0", bench.FlagsOfProcess());
  REQUIRE(next.Says("\"provider.validated\""));
  next.End(SIGTERM);  // after it has written what came out
  CHECK(bench.providers().Get("gitopsProviders/host")->status().state() ==
        slipway::gitops::v1::GitOpsProviderStatus::READY);
  CHECK(bench.Left().empty());
  CHECK(bench.Leftovers() == 0);
  CHECK(bench.host().Repositories() == std::vector<std::string>{"desired"});
}

}  // namespace
}  // namespace slipway::gitops
