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

// What buildah says about the builder's storage.
std::string Buildah(const Fixture& f, const std::vector<std::string>& words) {
  std::string driver;
  for (const char* name : {"overlay", "vfs"}) {
    if (PathExists(f.root.path() + "/images/storage-" + name + "/" + name + "-images"))
      driver = name;
  }
  process::ProcessSpec spec;
  spec.argv = {"buildah",
               "--root",
               f.root.path() + "/images/storage-" + driver,
               "--runroot",
               f.root.path() + "/images/run-" + driver,
               "--storage-driver",
               driver};
  spec.argv.insert(spec.argv.end(), words.begin(), words.end());
  const auto result = process::Run(spec);
  REQUIRE(result.ok());
  INFO(result->err);
  REQUIRE(result->ok());
  return result->out;
}

// What is in the builder's storage.
struct Contents {
  std::string images;
  std::string containers;
};

Contents ContentsOf(const Fixture& f) {
  return {Buildah(f, {"images", "--all", "--noheading"}), Buildah(f, {"containers", "--quiet"})};
}

void MakeOld(const Fixture& f, const std::string& image) {
  for (const auto& entry : std::filesystem::directory_iterator(f.root.path() + "/images/uses")) {
    if (ReadFile(entry.path().string())->find(image) == std::string::npos) continue;
    std::filesystem::last_write_time(
        entry.path(), std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  }
}

TEST_CASE("Images not used for long are removed with their layers, others keep theirs") {
  oci::Registry registry;
  Fixture f;
  f.request.registry_host = registry.address();
  f.request.tag = "old";
  f.request.args = {{"VERSION", "1"}};
  REQUIRE(f.Build().ok());
  f.request.tag = "new";
  f.request.args = {{"VERSION", "2"}};
  REQUIRE(f.Build().ok());
  MakeOld(f, ":old");

  const ImageLimits limits{.max_age = absl::Hours(24)};
  auto pruned = f.builder->storage().Prune(limits, {});
  INFO(pruned.status());
  REQUIRE(pruned.ok());
  CHECK(pruned->removed == 1);
  CHECK(pruned->removed_bytes > 0);
  CHECK(pruned->kept_bytes > 0);
  const std::string images = ContentsOf(f).images;
  INFO(images);
  CHECK(images.find(" old ") == std::string::npos);
  CHECK(images.find(" new ") != std::string::npos);
  pruned = f.builder->storage().Prune(limits, {});
  REQUIRE(pruned.ok());
  CHECK(pruned->removed == 0);
  CHECK(f.Build().ok());
  CHECK(f.output.find("Using cache") != std::string::npos);
}

TEST_CASE("Images that take too much disk are removed, the one unused the longest first") {
  oci::Registry registry;
  Fixture f;
  f.request.registry_host = registry.address();
  f.request.tag = "one";
  f.request.args = {{"VERSION", "1"}};
  REQUIRE(f.Build().ok());
  f.request.tag = "two";
  f.request.args = {{"VERSION", "2"}};
  REQUIRE(f.Build().ok());
  MakeOld(f, ":one");
  auto pruned = f.builder->storage().Prune({}, {});
  REQUIRE(pruned.ok());
  const int64_t all = pruned->kept_bytes;
  CHECK(pruned->removed == 0);

  // Four fifths of the limit hold both but the layer that only the first one has.
  pruned = f.builder->storage().Prune({.max_bytes = all - 1}, {});
  REQUIRE(pruned.ok());
  CHECK(pruned->kept_bytes < all);
  pruned = f.builder->storage().Prune({.max_bytes = 1}, {});
  REQUIRE(pruned.ok());
  CHECK(pruned->removed >= 1);
  CHECK(ContentsOf(f).images.empty());
  CHECK(f.Build().ok());
}

TEST_CASE("Of more images than are allowed the one unused the longest is removed, however small") {
  oci::Registry registry;
  Fixture f;
  f.request.registry_host = registry.address();
  for (const std::string version : {"one", "two", "three"}) {
    f.request.tag = version;
    f.request.args = {{"VERSION", version}};
    REQUIRE(f.Build().ok());
  }
  MakeOld(f, ":one");
  const int64_t all = f.builder->storage().Count();
  REQUIRE(all >= 3);
  auto pruned = f.builder->storage().Prune({.max_count = all}, {});
  REQUIRE(pruned.ok());
  CHECK(pruned->removed == 0);

  pruned = f.builder->storage().Prune({.max_count = all - 1}, {});
  REQUIRE(pruned.ok());
  CHECK(f.builder->storage().Count() <= (all - 1) * 4 / 5);
  CHECK(ContentsOf(f).images.find(" one ") == std::string::npos);
  CHECK(f.Build().ok());
}

TEST_CASE("Builds that fail or are cancelled leave nothing for good") {
  Fixture f;
  f.request.registry_host = "127.0.0.1:1";
  f.Dockerfile(
      "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"exit "
      "3\"]\n");
  REQUIRE_FALSE(f.Build().ok());
  CHECK(ContentsOf(f).containers.empty());

  f.Dockerfile(
      "FROM scratch\nCOPY busybox /bin/busybox\n"
      "RUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo running; sleep 3603\"]\n");
  f.request.private_folder = f.root.path() + "/private-cancel";
  REQUIRE(MakeDirectories(f.request.private_folder).ok());
  std::stop_source stop;
  ImagesPruned meanwhile;
  const auto result = f.builder->BuildAndPush(
      f.request, JobCgroup({}, "", {}),
      [&](std::string_view chunk) {
        f.output += chunk;
        if (f.output.find("\nrunning") == std::string::npos || stop.stop_requested()) return;
        // Not while a build runs.
        meanwhile = *f.builder->storage().Prune({.max_age = absl::ZeroDuration()}, {});
        stop.request_stop();
      },
      stop.get_token());
  REQUIRE_FALSE(result.ok());
  CHECK(meanwhile.removed == 0);
  CHECK(meanwhile.removed_bytes == 0);
  const auto pruned = f.builder->storage().Prune({.max_bytes = 1}, {});
  INFO(pruned.status());
  REQUIRE(pruned.ok());
  const Contents left = ContentsOf(f);
  CHECK(left.containers.empty());
  CHECK(left.images.empty());
}

TEST_CASE("A container that buildah was killed over keeps no image") {
  oci::Registry registry;
  Fixture f;
  f.request.registry_host = registry.address();
  f.request.tag = "one";
  REQUIRE(f.Build().ok());
  // As it is between making the container and noting what it is for.
  Buildah(f, {"from", "--pull-never", registry.address() + "/demo/hello:one"});
  int killed = 0;
  for (const char* driver : {"overlay", "vfs"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(
             f.root.path() + "/images/storage-" + driver + "/" + driver + "-containers", error)) {
      killed += std::filesystem::remove(entry.path() / "userdata/buildah.json", error) ? 1 : 0;
    }
  }
  REQUIRE(killed == 1);
  REQUIRE(ContentsOf(f).containers.empty());
  const auto pruned = f.builder->storage().Prune({.max_bytes = 1}, {});
  INFO(pruned.status());
  REQUIRE(pruned.ok());
  CHECK(ContentsOf(f).images.empty());
  CHECK(f.Build().ok());
}

TEST_CASE("Storage of a driver that is no longer used is removed") {
  Fixture f;
  f.request.registry_host = "127.0.0.1:1";
  REQUIRE_FALSE(f.Build().ok());
  REQUIRE(MakeDirectories(f.root.path() + "/images/storage-aufs/aufs/diff").ok());
  REQUIRE(f.builder->storage().Prune({}, {}).ok());
  CHECK_FALSE(PathExists(f.root.path() + "/images/storage-aufs"));
  CHECK(ContentsOf(f).containers.empty());
}

}  // namespace slipway::runner
