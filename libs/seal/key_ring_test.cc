#include "libs/seal/key_ring.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>

#include "libs/base/error.h"
#include "libs/base/file.h"

namespace slipway::seal {
namespace {

struct Bed {
  TempDir dir = *TempDir::Create("seal-test-");
  std::string KeyFile(const std::string& name) {
    const std::string path = dir.path() + "/" + name;
    REQUIRE(CreateKeyFile(path).ok());
    return path;
  }
  std::unique_ptr<KeyRing> Ring(const std::vector<std::string>& names) {
    std::vector<std::string> paths;
    for (const std::string& name : names) paths.push_back(KeyFile(name));
    auto ring = KeyRing::Load(paths);
    REQUIRE(ring.ok());
    return *std::move(ring);
  }
};

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

TEST_CASE("What was sealed opens again, of any length") {
  Bed bed;
  const auto ring = bed.Ring({"a"});
  for (const std::string& plain : {std::string(), std::string("s3cret"), std::string("\0\xff", 2),
                                   std::string(100'000, 'x')}) {
    const std::string record = ring->Seal(plain, "secrets/value/1");
    CHECK(record.find("s3cret") == std::string::npos);
    CHECK(*ring->Open(record, "secrets/value/1") == plain);
  }
  std::set<std::string> records;
  for (int i = 0; i < 100; ++i) records.insert(ring->Seal("same", "same"));
  CHECK(records.size() == 100);
}

TEST_CASE("A record opens only in its own place and unchanged") {
  Bed bed;
  const auto ring = bed.Ring({"a"});
  const std::string record = ring->Seal("s3cret", "secrets/value/1");
  CHECK(ReasonOf(ring->Open(record, "secrets/value/2").status()) == "SEAL_NOT_AUTHENTIC");
  for (size_t i = record.rfind('.') + 1; i < record.size() - 1; ++i) {
    std::string changed = record;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_FALSE(ring->Open(changed, "secrets/value/1").ok());
  }
  for (const std::string bad : {"", "v1", "v1..", "v2.x.y", "plain text"}) {
    INFO(bad);
    CHECK_FALSE(ring->Open(bad, "secrets/value/1").ok());
  }
  CHECK(
      ReasonOf(ring->Open(record.substr(0, record.rfind('.') + 10), "secrets/value/1").status()) ==
      "SEAL_RECORD_MALFORMED");
}

TEST_CASE("The first key seals, every loaded key opens, an unknown one is named") {
  Bed bed;
  const auto old_ring = bed.Ring({"old"});
  const std::string record = old_ring->Seal("s3cret", "x");
  const auto both = bed.Ring({"new", "old"});
  CHECK(*both->Open(record, "x") == "s3cret");
  CHECK(both->NeedsResealing(record));
  CHECK_FALSE(both->NeedsResealing(both->Seal("s3cret", "x")));
  const absl::Status status = bed.Ring({"new"})->Open(record, "x").status();
  CHECK(ReasonOf(status) == "SEAL_KEY_UNKNOWN");
  CHECK(MessageOf(status).find(old_ring->current_key_id()) != std::string::npos);
  CHECK(old_ring->current_key_id().size() == 8);
}

TEST_CASE("A key file that others can read, or that holds no key, is refused") {
  Bed bed;
  const std::string path = bed.KeyFile("a");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const absl::Status readable = KeyRing::Load({path}).status();
  CHECK(ReasonOf(readable) == "SEAL_KEY_FILE");
  CHECK(MessageOf(readable).find("chmod 600") != std::string::npos);
  CHECK(KeyRing::Load({bed.dir.path() + "/none"}).status().code() == absl::StatusCode::kNotFound);
  CHECK_FALSE(KeyRing::Load({}).ok());
  for (const std::string& text : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                  std::string(200, 'a'), std::string(64, 'g')}) {
    const std::string bad = bed.dir.path() + "/bad";
    REQUIRE(WriteFileAtomic(bad, text).ok());
    CHECK(ReasonOf(KeyRing::Load({bad}).status()) == "SEAL_KEY_FILE");
  }
}

TEST_CASE("An existing key file is never replaced") {
  Bed bed;
  const std::string path = bed.KeyFile("a");
  const std::string before = *ReadFile(path);
  REQUIRE(CreateKeyFile(path).ok());
  CHECK(*ReadFile(path) == before);
}

}  // namespace
}  // namespace slipway::seal
