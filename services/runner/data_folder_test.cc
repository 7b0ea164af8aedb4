#include "services/runner/data_folder.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "libs/base/error.h"
#include "libs/base/file.h"

namespace slipway::runner {

TEST_CASE("A data folder belongs to one process, and the next one finds no temporary files") {
  const TempDir root = *TempDir::Create("data-folder-");
  const std::string path = root.path() + "/data";
  {
    const auto first = DataFolder::Open(path, absl::ZeroDuration());
    INFO(first.status());
    REQUIRE(first.ok());
    CHECK(std::getenv("TMPDIR") == path + "/tmp");
    REQUIRE(WriteFileAtomic(path + "/tmp/left", "x").ok());
    const auto second = DataFolder::Open(path, absl::Milliseconds(10));
    CHECK(DetailsOf(second.status()).reason == "DATA_FOLDER_TAKEN");
    CHECK(PathExists(path + "/tmp/left"));
  }
  CHECK(DataFolder::Open(path, absl::ZeroDuration()).ok());
  CHECK_FALSE(PathExists(path + "/tmp/left"));
  ::unsetenv("TMPDIR");
}

}  // namespace slipway::runner
