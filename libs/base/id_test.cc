#include "libs/base/id.h"

#include <catch2/catch.hpp>

namespace slipway {

TEST_CASE("a ULID encodes its time and sorts by it") {
  const std::string early = NewUlid(absl::FromUnixMillis(1469918176385));
  CHECK(early.size() == 26);
  CHECK(early.substr(0, 10) == "01ARYZ6S41");  // the example of the specification
  CHECK(early < NewUlid(absl::FromUnixMillis(1469918176386)));
  CHECK(NewUlid(absl::UnixEpoch()) != NewUlid(absl::UnixEpoch()));
}

TEST_CASE("names are RFC 1035 labels") {
  for (const char* good : {"a", "hello", "a-1", "x2"}) CHECK(ValidateSlug(good, "name").ok());
  for (const char* bad : {"", "A", "1a", "a-", "-a", "a_b", "a/b", "..", "a b"}) {
    CHECK_FALSE(ValidateSlug(bad, "name").ok());
  }
  CHECK_FALSE(ValidateSlug(std::string(64, 'a'), "name").ok());
}

}  // namespace slipway
