#include "libs/base/error.h"

#include <catch2/catch.hpp>

#include "libs/base/strings.h"

namespace slipway {

TEST_CASE("error details survive in the status") {
  ErrorDetails details;
  details.reason = "WORKFLOW_NOT_FOUND";
  details.metadata = {{"workflow", "demo/hello/main"}, {"empty", ""}};
  details.field_violations.push_back({"spec.x", "a b\nc"});
  details.retry_after_ms = 1500;
  const ErrorDetails read =
      DetailsOf(MakeError(absl::StatusCode::kNotFound, "no workflow", details));
  CHECK(read.reason == "WORKFLOW_NOT_FOUND");
  REQUIRE(read.metadata.size() == 2);
  CHECK(read.metadata[1].second.empty());
  REQUIRE(read.field_violations.size() == 1);
  CHECK(read.field_violations[0].description == "a b\nc");
  CHECK(read.retry_after_ms == 1500);
  CHECK(DetailsOf(absl::InternalError("x")).reason.empty());
}

TEST_CASE("a slip of the pen finds its word") {
  CHECK(DidYouMean("dv", {"dev", "prod"}) == "dev");
  CHECK(DidYouMean("staging", {"dev", "prod"}).empty());
}

TEST_CASE("invalid UTF-8 is replaced and valid text is kept") {
  CHECK(ToValidUtf8("gr\xc3\xbc\xc3\x9f") == "gr\xc3\xbc\xc3\x9f");
  CHECK(ToValidUtf8("a\xff"
                    "b") ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(ToValidUtf8("\xc3") == "\xEF\xBF\xBD");
}

TEST_CASE("truncation cuts at a character") {
  CHECK(Truncate("abcdef", 6) == "abcdef");
  CHECK(Truncate("abcdefg", 6) == "abc...");
  CHECK(Truncate("ab\xc3\xbc"
                 "defg",
                 6) == "ab...");
}

}  // namespace slipway
