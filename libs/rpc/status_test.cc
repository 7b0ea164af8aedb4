#include "libs/rpc/status.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::rpc {

TEST_CASE("a status with all details survives the wire") {
  ErrorDetails details;
  details.reason = "INVALID_FIELD";
  details.metadata = {{"a", "b"}};
  details.field_violations.push_back({"spec.x", "is wrong"});
  details.retry_after_ms = 2500;
  const absl::Status back =
      FromGrpc(ToGrpc(MakeError(absl::StatusCode::kInvalidArgument, "text", details)));
  CHECK(back.code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(back) == "text");
  const ErrorDetails read = DetailsOf(back);
  CHECK(read.reason == "INVALID_FIELD");
  REQUIRE(read.field_violations.size() == 1);
  CHECK(read.field_violations[0].field == "spec.x");
  CHECK(read.retry_after_ms == 2500);
  CHECK(FromGrpc(ToGrpc(absl::OkStatus())).ok());
}

TEST_CASE("code names are those of google.rpc.Code") {
  CHECK(CodeName(absl::StatusCode::kOk) == "OK");
  CHECK(CodeName(absl::StatusCode::kAborted) == "ABORTED");
  CHECK(CodeName(absl::StatusCode::kUnauthenticated) == "UNAUTHENTICATED");
}

}  // namespace slipway::rpc
