#include "services/runner/image/image_builder.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/oci/testing/registry.h"
#include "libs/process/run.h"

namespace slipway::runner {
namespace {

struct Fixture {
  TempDir root = *TempDir::Create("image-builder-");
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<ImageBuilder> builder;
  ImageRequest request;
  std::string output;

  Fixture() {
    auto detected = Sandbox::Detect({});
    REQUIRE(detected.ok());
    sandbox = *std::move(detected);
    builder = std::make_unique<ImageBuilder>(root.path() + "/images", *sandbox);
    request.checkout = root.path() + "/checkout";
    request.dockerfile = "Dockerfile";
    request.context = ".";
    request.repository = "demo/hello";
    request.tag = "v1";
    request.timestamp = absl::FromUnixSeconds(1'700'000'000);
    request.insecure = true;
    REQUIRE(MakeDirectories(request.checkout).ok());
    std::filesystem::copy_file("/bin/busybox", request.checkout + "/busybox");
    Dockerfile(
        "FROM scratch\nCOPY busybox /bin/busybox\nARG VERSION\n"
        "RUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo version $VERSION > /version\"]\n");
  }
  void Dockerfile(const std::string& text) {
    REQUIRE(WriteFileAtomic(request.checkout + "/Dockerfile", text).ok());
  }
  absl::StatusOr<std::string> Build(std::stop_token stop = {}) {
    request.private_folder = root.path() + "/private-" + RandomHex(4);
    REQUIRE(MakeDirectories(request.private_folder).ok());
    output.clear();
    const JobCgroup cgroup(sandbox->cgroups(), "slipway-test-" + RandomHex(6),
                           {.memory_bytes = 0, .pids = 1000});
    auto digest = builder->BuildAndPush(
        request, cgroup, [this](std::string_view chunk) { output += chunk; }, stop);
    UNSCOPED_INFO(output);
    return digest;
  }
};

}  // namespace

TEST_CASE("An image is built, pushed and known by a digest that equal inputs repeat") {
  oci::Registry registry;
  Fixture f;
  f.request.registry_host = registry.address();
  f.request.args = {{"VERSION", "7 $HOME"}};
  const auto first = f.Build();
  INFO(first.status());
  REQUIRE(first.ok());
  CHECK(first->size() == 71);
  CHECK(f.output.find("STEP 4/4") != std::string::npos);

  process::ProcessSpec inspect;
  inspect.argv = {"skopeo", "inspect", "--tls-verify=false",
                  "docker://" + registry.address() + "/demo/hello:v1"};
  const auto seen = process::Run(inspect);
  REQUIRE(seen.ok());
  CHECK(seen->out.find(*first) != std::string::npos);

  f.request.tag = "v2";
  CHECK(*f.Build() == *first);
  CHECK(f.output.find("Using cache") != std::string::npos);
  f.request.ignore_cache = true;
  CHECK(*f.Build() == *first);
  CHECK(f.output.find("Using cache") == std::string::npos);
}

TEST_CASE("What fails in an image build is named") {
  Fixture f;
  f.request.registry_host = "127.0.0.1:1";
  f.Dockerfile("FROM scratch\nCOPY nothing /x\n");
  CHECK(std::string(f.Build().status().message()).find("COPY nothing") != std::string::npos);
  f.Dockerfile("FROM 127.0.0.1:1/no/base:1\n");
  CHECK(std::string(f.Build().status().message())
            .find("the base image \"127.0.0.1:1/no/base:1\" can't be pulled") != std::string::npos);
}

TEST_CASE("A cancelled image build is gone within a second") {
  Fixture f;
  f.request.registry_host = "127.0.0.1:1";
  REQUIRE_FALSE(f.Build().ok());  // finds out how images are built here
  f.Dockerfile(
      "FROM scratch\nCOPY busybox /bin/busybox\n"
      "RUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo running; sleep 3603\"]\n");
  std::stop_source stop;
  absl::Time asked;
  f.request.private_folder = f.root.path() + "/private-cancel";
  REQUIRE(MakeDirectories(f.request.private_folder).ok());
  const JobCgroup cgroup({}, "", {});
  const auto result = f.builder->BuildAndPush(
      f.request, cgroup,
      [&](std::string_view chunk) {
        f.output += chunk;
        if (f.output.find("\nrunning") != std::string::npos && !stop.stop_requested()) {
          asked = absl::Now();
          stop.request_stop();
        }
      },
      stop.get_token());
  INFO(f.output);
  CHECK_FALSE(result.ok());
  CHECK(absl::Now() - asked < absl::Seconds(1));
}

}  // namespace slipway::runner
