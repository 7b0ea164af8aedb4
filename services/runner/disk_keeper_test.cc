#include "services/runner/disk_keeper.h"

#include <sched.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/git/testing/git_server.h"

namespace slipway::runner {
namespace {

// The value of a metric of one kind; empty while it is not there.
std::string Value(const telemetry::Metrics& metrics, const std::string& name,
                  const std::string& kind) {
  for (const std::string& line : Split(metrics.Serialize(), '\n')) {
    if (line.starts_with(name + "{") && line.find("kind=\"" + kind + "\"") != std::string::npos)
      return line.substr(line.rfind(' ') + 1);
  }
  return "";
}

}  // namespace

TEST_CASE("Too many images are pruned at once, but after one in vain only at the regular times") {
  PrunePace pace;
  CHECK(pace.Due(true, false));
  pace.Pruned(false);
  CHECK_FALSE(pace.Due(false, false));
  CHECK(pace.Due(false, true));
  pace.Pruned(true);
  CHECK_FALSE(pace.Due(false, true));
  CHECK(pace.Due(true, true));
  pace.Pruned(true);
  CHECK_FALSE(pace.Due(false, true));
  CHECK(pace.Due(true, true));
  pace.Pruned(false);
  CHECK(pace.Due(false, true));
}

TEST_CASE("What was not used for long goes when the runner starts, and metrics tell it") {
  const TempDir root = *TempDir::Create("disk-keeper-");
  git::GitServer server;
  server.CreateRepository("demo/hello");
  server.Commit("demo/hello", "main", {{"README", "hello\n"}}, "first");
  const auto cli = *git::GitCli::Create({});
  git::MirrorStore mirrors(*cli, root.path() + "/mirrors");
  std::string old;
  {
    auto mirror = *mirrors.Get(server.Remote("demo/hello"));
    REQUIRE(mirror->Fetch().ok());
    old = mirror->git_dir();
  }
  std::filesystem::last_write_time(
      old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(48));
  auto sandbox = Sandbox::Detect({});
  REQUIRE(sandbox.ok());
  ImageBuilder images(root.path() + "/images", **sandbox);
  telemetry::Metrics metrics("runner");
  DiskLimits limits;
  limits.mirror_max_age = absl::Hours(24);
  const absl::Time start = absl::Now();
  {
    const DiskKeeper keeper(limits, images, mirrors, metrics);
    // Images come last.
    while (Value(metrics, "slipway_runner_disk_bytes", "images").empty() &&
           absl::Now() - start < absl::Seconds(50))
      ::sched_yield();
  }
  CHECK_FALSE(PathExists(old));
  CHECK(Value(metrics, "slipway_runner_pruned_total", "mirrors") == "1");
  CHECK(Value(metrics, "slipway_runner_disk_bytes", "mirrors") == "0");
  CHECK(Value(metrics, "slipway_runner_disk_bytes", "images") != "");
}

TEST_CASE("A disk keeper ends at once, also while it finds out how images are built") {
  const TempDir root = *TempDir::Create("disk-keeper-");
  const auto cli = *git::GitCli::Create({});
  git::MirrorStore mirrors(*cli, root.path() + "/mirrors");
  auto sandbox = Sandbox::Detect({});
  REQUIRE(sandbox.ok());
  ImageBuilder images(root.path() + "/images", **sandbox);
  telemetry::Metrics metrics("runner");
  absl::Time asked;
  {
    const DiskKeeper keeper({}, images, mirrors, metrics);
    asked = absl::Now();
  }
  CHECK(absl::Now() - asked < absl::Seconds(1));
}

}  // namespace slipway::runner
