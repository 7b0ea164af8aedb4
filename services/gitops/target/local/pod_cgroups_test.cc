#include "services/gitops/target/local/pod_cgroups.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "libs/base/file.h"

namespace slipway::gitops::local {
namespace {

namespace fs = std::filesystem;

TEST_CASE("of a removed pod no cgroup is left in any hierarchy, and others' stay") {
  const auto root = TempDir::Create("cgroups-");
  REQUIRE(root.ok());
  const std::string gone(64, 'a'), busy(64, 'b');
  for (const std::string hierarchy : {"systemd", "unified"}) {
    fs::create_directories(root->path() + "/" + hierarchy + "/libpod_parent/" + gone + "/libpod-1");
    fs::create_directories(root->path() + "/" + hierarchy + "/libpod_parent/" + busy);
  }
  fs::create_directories(root->path() + "/memory");
  RemovePodCgroups(gone + "\n", root->path());
  CHECK_FALSE(fs::exists(root->path() + "/systemd/libpod_parent/" + gone));
  CHECK_FALSE(fs::exists(root->path() + "/unified/libpod_parent/" + gone));
  CHECK(fs::exists(root->path() + "/unified/libpod_parent/" + busy));
}

TEST_CASE("what is no id of a pod removes nothing") {
  const auto root = TempDir::Create("cgroups-");
  REQUIRE(root.ok());
  fs::create_directories(root->path() + "/systemd/libpod_parent/x");
  RemovePodCgroups("../libpod_parent\n\n.\nx\n", root->path());
  CHECK(fs::exists(root->path() + "/systemd/libpod_parent/x"));
}

}  // namespace
}  // namespace slipway::gitops::local
