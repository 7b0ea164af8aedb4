#include "libs/blob/directory_blob_store.h"

#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "libs/base/file.h"

namespace slipway::blob {
namespace {

struct Bed {
  TempDir dir = *TempDir::Create("blob-test-");
  std::string root = dir.path() + "/blobs";
  std::unique_ptr<DirectoryBlobStore> store = *DirectoryBlobStore::Open(root);
};

TEST_CASE("A blob is stored, read in ranges, replaced and deleted") {
  Bed bed;
  REQUIRE(bed.store->Put("logs/2026/01J/0", "hello world").ok());
  CHECK(*bed.store->Get("logs/2026/01J/0", 0, 100) == "hello world");
  CHECK(*bed.store->Get("logs/2026/01J/0", 6, 3) == "wor");
  CHECK(bed.store->Get("logs/2026/01J/0", 11, 3)->empty());
  CHECK(bed.store->Get("logs/2026/01J/0", UINT64_MAX, UINT64_MAX)->empty());
  CHECK(*bed.store->Size("logs/2026/01J/0") == 11);
  REQUIRE(bed.store->Put("logs/2026/01J/0", "").ok());
  CHECK(*bed.store->Size("logs/2026/01J/0") == 0);
  REQUIRE(bed.store->Delete("logs/2026/01J/0").ok());
  REQUIRE(bed.store->Delete("logs/2026/01J/0").ok());
  REQUIRE(bed.store->Delete("never/there").ok());
  CHECK(bed.store->Get("logs/2026/01J/0", 0, 1).status().code() == absl::StatusCode::kNotFound);
  CHECK(bed.store->Size("logs/2026").status().code() == absl::StatusCode::kNotFound);
  CHECK(bed.store->Size("other/x").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("A file is stored whole, whatever its size") {
  Bed bed;
  const std::string file = bed.dir.path() + "/file";
  const std::string content(3'000'000, 'x');
  REQUIRE(WriteFileAtomic(file, content).ok());
  REQUIRE(bed.store->PutFile("artifacts/a.tar", file).ok());
  CHECK(*bed.store->Get("artifacts/a.tar", 0, UINT64_MAX) == content);
  CHECK(bed.store->PutFile("artifacts/b", bed.dir.path() + "/none").code() ==
        absl::StatusCode::kNotFound);
  CHECK_FALSE(bed.store->Size("artifacts/b").ok());
}

TEST_CASE("Keys that are no plain paths are refused") {
  Bed bed;
  for (const std::string& key :
       {std::string(), std::string("/a"), std::string("a/"), std::string("a//b"), std::string(".."),
        std::string("../a"), std::string("a/../b"), std::string("a/./b"), std::string(".hidden"),
        std::string("a b"), std::string("a\nb"), std::string("a\0b", 3), std::string("\xc3\xbc"),
        std::string(300, 'a'), std::string(2000, 'a')}) {
    INFO(key);
    CHECK(bed.store->Put(key, "x").code() == absl::StatusCode::kInvalidArgument);
    CHECK(bed.store->Get(key, 0, 1).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(bed.store->Delete(key).code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("A symbolic link in the folder leads nowhere") {
  Bed bed;
  const std::string outside = bed.dir.path() + "/outside";
  REQUIRE(WriteFileAtomic(outside, "secret").ok());
  REQUIRE(bed.store->Put("a/b", "x").ok());
  REQUIRE(::symlink(outside.c_str(), (bed.root + "/a/link").c_str()) == 0);
  REQUIRE(::symlink(bed.dir.path().c_str(), (bed.root + "/folder").c_str()) == 0);
  CHECK_FALSE(bed.store->Get("a/link", 0, 10).ok());
  CHECK_FALSE(bed.store->Get("folder/outside", 0, 10).ok());
  CHECK_FALSE(bed.store->Put("folder/new", "x").ok());
  REQUIRE(bed.store->Put("a/link", "y").ok());  // replaces the link, not its target
  CHECK(*ReadFile(outside) == "secret");
}

TEST_CASE(
    "A reader sees one whole blob or the other while it is replaced, and no temporary file stays") {
  Bed bed;
  const std::string one(200'000, '1'), two(300'000, '2');
  REQUIRE(bed.store->Put("k", one).ok());
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int i = 0; i < 50; ++i) (void)bed.store->Put("k", i % 2 == 0 ? two : one).ok();
    done = true;
  });
  bool whole = true;
  while (!done) {
    auto text = bed.store->Get("k", 0, UINT64_MAX);
    whole = whole && text.ok() && (*text == one || *text == two);
  }
  writer.join();
  CHECK(whole);
  CHECK(std::distance(std::filesystem::directory_iterator(bed.root),
                      std::filesystem::directory_iterator()) == 1);
}

}  // namespace
}  // namespace slipway::blob
