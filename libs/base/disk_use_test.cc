#include "libs/base/disk_use.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "libs/base/file.h"

namespace slipway {

TEST_CASE("disk use counts the blocks of a folder, without what a link leads to") {
  const TempDir dir = TempDir::Create("slipway-disk-use-").value();
  REQUIRE(MakeDirectories(dir.path() + "/a/b").ok());
  const int64_t empty = DiskUse(dir.path());
  REQUIRE(WriteFileAtomic(dir.path() + "/a/b/file", std::string(1 << 20, 'x')).ok());
  const int64_t full = DiskUse(dir.path());
  CHECK(full - empty >= 1 << 20);
  CHECK(full - empty < 2 << 20);
  REQUIRE(::symlink("/usr", (dir.path() + "/a/link").c_str()) == 0);
  CHECK(DiskUse(dir.path()) - full < 1 << 20);
  CHECK(DiskUse(dir.path() + "/nothing") == 0);
}

TEST_CASE("a stop request ends the walk") {
  const TempDir dir = TempDir::Create("slipway-disk-use-").value();
  REQUIRE(WriteFileAtomic(dir.path() + "/file", std::string(1 << 20, 'x')).ok());
  std::stop_source stop;
  stop.request_stop();
  CHECK(DiskUse(dir.path(), stop.get_token()) == 0);
}

}  // namespace slipway
