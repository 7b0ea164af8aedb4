#include "libs/process/file_lock.h"

#include <catch2/catch.hpp>
#include <future>

#include "libs/base/file.h"

namespace slipway::process {

TEST_CASE("A locked file is free again when its lock is closed, and who waits gets it") {
  const TempDir dir = *TempDir::Create("file-lock-");
  const std::string path = dir.path() + "/lock";
  auto first = LockFile(path, absl::ZeroDuration());
  REQUIRE(first.ok());
  CHECK(absl::IsUnavailable(LockFile(path, absl::ZeroDuration()).status()));
  CHECK(absl::IsUnavailable(LockFile(path, absl::Milliseconds(10)).status()));
  auto waiting =
      std::async(std::launch::async, [&] { return LockFile(path, absl::Seconds(20)).ok(); });
  first->Reset();
  CHECK(waiting.get());
  CHECK(LockFile(path, absl::ZeroDuration()).ok());
}

TEST_CASE("A lock in a folder that is not there fails with its path") {
  const auto lock = LockFile("/nonexistent/lock", absl::ZeroDuration());
  CHECK(absl::IsNotFound(lock.status()));
  CHECK(lock.status().ToString().find("/nonexistent/lock") != std::string::npos);
}

}  // namespace slipway::process
