#include "libs/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace slipway {

TEST_CASE("an atomic write replaces the whole file and leaves nothing beside it") {
  const TempDir dir = TempDir::Create("slipway-file-").value();
  const std::string path = dir.path() + "/x";
  REQUIRE(WriteFileAtomic(path, "one").ok());
  REQUIRE(WriteFileAtomic(path, "two").ok());
  CHECK(ReadFile(path).value() == "two");
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK(::rmdir(dir.path().c_str()) == 0);
}

TEST_CASE("a path never leaves its root") {
  const TempDir dir = TempDir::Create("slipway-file-").value();
  REQUIRE(MakeDirectories(dir.path() + "/root/sub").ok());
  REQUIRE(WriteFileAtomic(dir.path() + "/secret", "s").ok());
  REQUIRE(WriteFileAtomic(dir.path() + "/root/sub/file", "f").ok());
  const std::string root = dir.path() + "/root";
  REQUIRE(::symlink("../secret", (root + "/link").c_str()) == 0);
  REQUIRE(::symlink("..", (root + "/up").c_str()) == 0);
  REQUIRE(::symlink("sub/file", (root + "/inside").c_str()) == 0);
  CHECK(OpenBeneath(root, "sub/file", O_RDONLY).ok());
  CHECK(OpenBeneath(root, "inside", O_RDONLY).ok());
  for (const char* bad : {"../secret", "sub/../../secret", "link", "up/secret", "/etc/passwd"}) {
    CHECK(OpenBeneath(root, bad, O_RDONLY).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(OpenBeneath(root, "none", O_RDONLY).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("reading stops at the limit") {
  const TempDir dir = TempDir::Create("slipway-file-").value();
  REQUIRE(WriteFileAtomic(dir.path() + "/x", "12345").ok());
  CHECK(ReadFile(dir.path() + "/x", 4).status().code() == absl::StatusCode::kResourceExhausted);
}

}  // namespace slipway
