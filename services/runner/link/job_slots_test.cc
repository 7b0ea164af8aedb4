#include "services/runner/link/job_slots.h"

#include <sched.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/git/testing/git_server.h"
#include "libs/oci/testing/registry.h"
#include "services/runner/testing/fake_build_link.h"

namespace slipway::runner {
namespace {

using build::v1::State;

// A whole runner without its stream: real git server, sandbox, and builder.
struct Fixture {
  TempDir root = *TempDir::Create("job-slots-");
  git::GitServer server;
  std::unique_ptr<git::GitCli> cli = *git::GitCli::Create({});
  git::MirrorStore mirrors{*cli, root.path() + "/mirrors"};
  Checkout checkout{*cli, mirrors};
  std::unique_ptr<Sandbox> sandbox = *Sandbox::Detect({});
  ImageBuilder images{root.path() + "/images", *sandbox};
  JobTools tools{
      *sandbox, checkout, images, {.memory_bytes = 0, .pids = 4096, .cpus = 0}, 10 << 20};
  FakeBuildLink link;
  telemetry::Metrics metrics{"runner"};
  std::string jobs = root.path() + "/jobs";
  std::unique_ptr<JobSlots> slots = std::make_unique<JobSlots>(tools, link, metrics, jobs);
  build::v1::Lease lease;

  Fixture() {
    REQUIRE(MakeDirectories(jobs).ok());
    server.CreateRepository("demo/hello");
    const std::string sha = server.Commit(
        "demo/hello", "main",
        {{"README", "hello\n"}, {"Dockerfile", "FROM scratch\nCOPY made /made\n"}}, "first");
    lease.mutable_key()->set_job("projects/demo/apps/hello/workflows/main/runs/7/jobs/build");
    lease.mutable_key()->set_fence(1);
    lease.set_attempt(1);
    lease.set_ref("refs/heads/main");
    lease.mutable_job()->set_name("build");
    plan::v1::Source& source = *lease.add_sources();
    source.set_name("source");
    source.set_url(server.Url("demo/hello"));
    source.set_commit(sha);
    source.set_checkout_path(".");
    source.mutable_commit_time()->set_seconds(1'700'000'000);
  }
  plan::v1::Step& Shell(const std::string& name, const std::string& script,
                        const std::string& stage = "pre-build") {
    plan::v1::Step& step = *lease.mutable_job()->add_steps();
    step.set_name(name);
    step.set_stage(stage);
    step.mutable_shell()->set_script(script);
    return step;
  }
  plan::v1::Step& Image(const std::string& registry) {
    plan::v1::Step& step = *lease.mutable_job()->add_steps();
    step.set_name("image");
    step.set_stage("build");
    step.mutable_image()->set_registry("registries/local");
    step.mutable_image()->set_registry_host(registry);
    step.mutable_image()->set_repository("demo/hello");
    lease.set_image_tag("v7");
    return step;
  }
  build::v1::CompleteJobRequest Run() {
    slots->Start(lease);
    auto result = link.WaitForResult();
    INFO(link.Log());
    CHECK(static_cast<int64_t>(link.Log().size()) == result.log_size());
    return result;
  }
  std::string LogOf(const build::v1::Step& step) {
    return link.Log().substr(static_cast<size_t>(step.log_begin()),
                             static_cast<size_t>(step.log_end() - step.log_begin()));
  }
};

std::string Contents(const std::string& folder) {
  std::string out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file())
      out += entry.path().string() + "\n" + ReadFile(entry.path().string()).value_or("");
  }
  return out;
}

}  // namespace

TEST_CASE(
    "A job compiles, builds and pushes an image, and inspects it with the registry's credential") {
  oci::Registry registry("builder", "registry-pass-1");
  Fixture f;
  f.Shell("unit-test", "cat README; echo artefact > made; echo $SLIPWAY_RUN $SLIPWAY_BRANCH");
  f.Image(registry.address());
  plan::v1::Step& smoke = f.Shell(
      "smoke",
      "curl -sS --fail --netrc-file $SLIPWAY_REGISTRY_AUTH -o /dev/null -w '%{http_code}\\n' "
      "-H 'Accept: application/vnd.oci.image.manifest.v1+json' "
      "http://$HOST/v2/demo/hello/manifests/$DOCKER_IMAGE_DIGEST\n"
      "echo image $IMAGE; cat $SLIPWAY_REGISTRY_AUTH $DOCKER_CONFIG/config.json; env | grep -c "
      "registry-pass || true",
      "post-build");
  smoke.set_registry_login(true);
  (*smoke.mutable_inputs())["IMAGE"] = "$DOCKER_IMAGE";
  (*smoke.mutable_inputs())["HOST"] = registry.address();
  f.Shell("plain", "ls -A /run/slipway; echo ${SLIPWAY_REGISTRY_AUTH:-none}", "post-build");
  auto& credential = (*f.lease.mutable_registry_credentials())["registries/local"];
  credential.set_host(registry.address());
  credential.set_username("builder");
  credential.set_password("registry-pass-1");

  const auto result = f.Run();
  INFO(f.link.Log());
  INFO(result.DebugString());
  REQUIRE(result.state() == State::SUCCEEDED);
  CHECK(result.steps_size() == 4);
  CHECK(f.LogOf(result.steps(0)) == "hello\ndemo/hello/main#7 main\n");
  CHECK(result.steps(0).exit_code() == 0);
  CHECK(result.steps(0).end_time().seconds() > 0);
  CHECK(result.image().repository() == registry.address() + "/demo/hello");
  CHECK(result.image().tag() == "v7");
  CHECK(result.image().digest().size() == 71);
  CHECK(f.LogOf(result.steps(2))
            .find("200\nimage " + registry.address() + "/demo/hello@" + result.image().digest() +
                  "\nmachine 127.0.0.1 login builder password [MASKED]\n") == 0);
  CHECK(f.LogOf(result.steps(3)) == "script\nnone\n");
  CHECK(f.link.Log().find("registry-pass") == std::string::npos);
  CHECK(f.link.Log().find(Base64Encode("builder:registry-pass-1")) == std::string::npos);
}

TEST_CASE("The first step that fails ends the job and the cause is told") {
  Fixture f;
  f.Shell("unit-test", "echo before; exit 3");
  f.Shell("later", "echo never");
  const auto result = f.Run();
  CHECK(result.state() == State::FAILED);
  CHECK(result.reason() == "step \"unit-test\" failed: exit code 3; its log says why");
  CHECK(result.steps(0).state() == State::FAILED);
  CHECK(result.steps(0).exit_code() == 3);
  CHECK(result.steps(1).state() == State::SKIPPED);
  CHECK(f.link.Log().find("never") == std::string::npos);
  CHECK(f.LogOf(result.steps(0)) == "before\n[slipway] exit code 3; its log says why\n");
}

TEST_CASE("No secret of a job is in its log, its errors, or on disk, however it is printed") {
  Fixture f;
  const std::string secret = "s3cr3t-value/with+odd=chars";
  build::v1::JobVariable& variable = *f.lease.add_variables();
  variable.set_key("TOKEN");
  variable.set_value(secret);
  variable.set_masked(true);
  f.Shell(
      "print",
      "echo plain $TOKEN; printf %s \"$TOKEN\" | base64; echo \"xx$TOKEN\" | base64 -w0; echo\n"
      "i=0; while [ $i -lt ${#TOKEN} ]; do printf %s \"${TOKEN:$i:1}\"; i=$((i+1)); done; echo\n"
      "echo $TOKEN >&2; exit 1");
  plan::v1::Step& broken = f.Shell("broken", "true");
  (*broken.mutable_inputs())["X"] = "$TOKN";
  f.slots->Start(f.lease);
  REQUIRE(f.link.WaitForLog("plain [MASKED]"));
  const auto result = f.link.WaitForResult();
  const std::string log = f.link.Log();
  INFO(log);
  CHECK(log.find(secret) == std::string::npos);
  CHECK(log.find(Base64Encode(secret).substr(4, 20)) == std::string::npos);
  CHECK(result.DebugString().find(secret) == std::string::npos);
  CHECK(Contents(f.root.path()).find(secret) == std::string::npos);
}

TEST_CASE(
    "What can't be built is named: Dockerfile, build argument with a secret, unknown input, "
    "unreachable registry") {
  Fixture f;
  f.Image("127.0.0.1:1").mutable_image()->set_dockerfile("deploy/Dockerfile");
  SECTION("Dockerfile") {
    CHECK(
        f.Run().reason().find(
            "step \"image\" failed: there is no Dockerfile \"deploy/Dockerfile\" in the commit") ==
        0);
  }
  SECTION("secret argument") {
    build::v1::JobVariable& variable = *f.lease.add_variables();
    variable.set_key("TOKEN");
    variable.set_value("very-secret");
    variable.set_masked(true);
    (*f.lease.mutable_job()->mutable_steps(0)->mutable_image()->mutable_args())["ARG"] = "$TOKEN";
    CHECK(f.Run().reason().find("build argument ARG holds a secret") != std::string::npos);
  }
  SECTION("registry") {
    f.lease.mutable_job()->clear_steps();
    f.Shell("make", "echo x > made");
    f.Image("127.0.0.1:1");
    CHECK(f.Run().reason().find("step \"image\" failed: the registry 127.0.0.1:1 did not take the "
                                "image: it can't be reached") == 0);
  }
  SECTION("repository") {
    f.lease.mutable_sources(0)->set_url(f.server.Url("demo/absent"));
    const auto result = f.Run();
    CHECK(result.state() == State::FAILED);
    CHECK(result.reason().find("checkout failed: ") == 0);
    CHECK(result.steps(0).state() == State::SKIPPED);
  }
}

TEST_CASE("A cancelled job is gone within a second and says so") {
  Fixture f;
  f.Shell("long", "trap '' TERM; echo started; setsid sleep 3604 & sleep 3604");
  f.Shell("next", "true");
  f.slots->Start(f.lease);
  REQUIRE(f.link.WaitForLog("started"));
  const absl::Time asked = absl::Now();
  f.slots->Cancel(f.lease.key(), "cancelled by user:admin");
  const auto result = f.link.WaitForResult();
  CHECK(absl::Now() - asked < absl::Seconds(1));
  CHECK(result.state() == State::CANCELLED);
  CHECK(result.reason() == "cancelled by user:admin");
  CHECK(result.steps(0).state() == State::CANCELLED);
  CHECK(result.steps(1).state() == State::SKIPPED);
}

TEST_CASE("A git host that is away is waited for, and the log says for what") {
  Fixture f;
  f.Shell("test", "cat README");
  f.server.AnswerWith("503 Service Unavailable");
  f.slots->Start(f.lease);
  REQUIRE(f.link.WaitForLog("; it is tried again\n"));
  CHECK(f.link.Log().find(f.server.Url("demo/hello")) != std::string::npos);
  SECTION("until it is back") {
    f.server.AnswerWith("");
    const auto result = f.link.WaitForResult();
    INFO(result.reason());
    CHECK(result.state() == State::SUCCEEDED);
    CHECK(f.LogOf(result.steps(0)) == "hello\n");
    // It is said once.
    const std::string log = f.link.Log();
    CHECK(log.find("it is tried again") == log.rfind("it is tried again"));
  }
  SECTION("not longer than the job is wanted") {
    const absl::Time asked = absl::Now();
    f.slots->Cancel(f.lease.key(), "cancelled by user:admin");
    CHECK(f.link.WaitForResult().state() == State::CANCELLED);
    CHECK(absl::Now() - asked < absl::Seconds(1));
  }
}

TEST_CASE("A step that is slower than its limit fails with the limit") {
  Fixture f;
  plan::v1::Step& step = f.Shell("slow", "sleep 60");
  step.mutable_timeout()->set_nanos(300'000'000);
  CHECK(f.Run().reason() ==
        "step \"slow\" failed: it took longer than its limit of 300ms; raise the limit or make the "
        "step shorter");
}

TEST_CASE("A lost job ends without a result, and a newer lease of the same job replaces it") {
  Fixture f;
  f.Shell("long", "echo started-$SLIPWAY_ATTEMPT; [ $SLIPWAY_ATTEMPT = 2 ] || sleep 3605");
  f.slots->Start(f.lease);
  REQUIRE(f.link.WaitForLog("started-1"));
  f.slots->Start(f.lease);  // the same lease again, as after a reconnect
  CHECK(f.slots->Held().size() == 1);
  f.link.ForgetLog(0);
  f.lease.mutable_key()->set_fence(2);
  f.lease.set_attempt(2);
  f.slots->Start(f.lease);
  const auto result = f.link.WaitForResult();
  CHECK(result.key().fence() == 2);
  CHECK(result.state() == State::SUCCEEDED);
  while (!f.slots->Held().empty()) ::sched_yield();
  f.slots.reset();
  CHECK(std::filesystem::is_empty(f.jobs));
}

TEST_CASE("A job that can't start here is given back") {
  Fixture f;
  f.Shell("test", "true");
  std::filesystem::remove_all(f.jobs);
  REQUIRE(WriteFileAtomic(f.jobs, "in the way").ok());
  f.slots->Start(f.lease);
  const auto result = f.link.WaitForResult();
  CHECK(result.state() == State::CANCELLED);
  CHECK(result.key().fence() == 1);
  while (!f.slots->Held().empty()) ::sched_yield();
}

TEST_CASE("Leftovers of a killed process are delivered where there is a result, and removed") {
  Fixture f;
  const std::string ended = f.jobs + "/ended-1";
  REQUIRE(MakeDirectories(ended).ok());
  REQUIRE(MakeDirectories(f.jobs + "/killed-1/workspace/deep").ok());
  build::v1::CompleteJobRequest result;
  *result.mutable_key() = f.lease.key();
  result.set_state(State::FAILED);
  result.set_log_size(5);
  REQUIRE(WriteFileAtomic(ended + "/" + Courier::kResultFile, result.SerializeAsString()).ok());
  REQUIRE(WriteFileAtomic(ended + "/" + Courier::kLogFile, "text\n").ok());
  f.slots->DeliverLeftovers({});
  CHECK(f.link.WaitForResult().state() == State::FAILED);
  CHECK(f.link.Log() == "text\n");
  CHECK(std::filesystem::is_empty(f.jobs));
}

}  // namespace slipway::runner
