#include "services/runner/job/job_variables.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace slipway::runner {
namespace {

build::v1::Lease SomeLease() {
  build::v1::Lease lease;
  lease.mutable_key()->set_job("projects/demo/apps/hello/workflows/main/runs/7/jobs/build");
  lease.set_attempt(2);
  lease.set_ref("refs/heads/feature/x");
  plan::v1::Source& source = *lease.add_sources();
  source.set_commit("0123456789abcdef0123456789abcdef01234567");
  source.set_url("http://git/demo/hello.git");
  source.mutable_commit_time()->set_seconds(1'700'000'000);
  return lease;
}

void Add(build::v1::Lease& lease, const std::string& key, const std::string& value, bool masked) {
  build::v1::JobVariable& variable = *lease.add_variables();
  variable.set_key(key);
  variable.set_value(value);
  variable.set_masked(masked);
}

}  // namespace

TEST_CASE("A step knows run, commit and branch, and its own variables can't replace them") {
  build::v1::Lease lease = SomeLease();
  Add(lease, "GREETING", "hello", false);
  Add(lease, "SLIPWAY_COMMIT", "forged", false);
  auto env = JobEnvironment(lease);
  CHECK(env["CI"] == "true");
  CHECK(env["GREETING"] == "hello");
  CHECK(env["SLIPWAY_RUN"] == "demo/hello/main#7");
  CHECK(env["SLIPWAY_PROJECT"] == "demo");
  CHECK(env["SLIPWAY_APP"] == "hello");
  CHECK(env["SLIPWAY_WORKFLOW"] == "main");
  CHECK(env["SLIPWAY_REF"] == "refs/heads/feature/x");
  CHECK(env["SLIPWAY_BRANCH"] == "feature/x");
  CHECK(env.count("SLIPWAY_TAG") == 0);
  CHECK(env["SLIPWAY_ATTEMPT"] == "2");
  CHECK(env["SLIPWAY_COMMIT"] == "0123456789abcdef0123456789abcdef01234567");
  CHECK(env["GIT_COMMIT"] == env["SLIPWAY_COMMIT"]);
  CHECK(env["SOURCE_DATE_EPOCH"] == "1700000000");
}

TEST_CASE("Masked variables and all passwords are secrets") {
  build::v1::Lease lease = SomeLease();
  Add(lease, "OPEN", "open-value", false);
  Add(lease, "TOKEN", "masked-value", true);
  (*lease.mutable_git_credentials())["local"].set_password("git-password");
  auto& registry = (*lease.mutable_registry_credentials())["registries/local"];
  registry.set_username("user");
  registry.set_password("registry-password");
  const auto secrets = JobSecrets(lease);
  const auto has = [&](const std::string& s) {
    return std::count(secrets.begin(), secrets.end(), s) == 1;
  };
  CHECK_FALSE(has("open-value"));
  CHECK(has("masked-value"));
  CHECK(has("git-password"));
  CHECK(has("registry-password"));
  CHECK(has("user:registry-password"));
}

TEST_CASE("A job without a limit gets one hour") {
  plan::v1::Job job;
  CHECK(JobTimeout(job) == absl::Hours(1));
  job.mutable_timeout()->set_seconds(90);
  CHECK(JobTimeout(job) == absl::Seconds(90));
}

}  // namespace slipway::runner
