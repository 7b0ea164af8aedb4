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

TEST_CASE("a status fits into the headers of any client, however much there is to say") {
  ErrorDetails details;
  details.reason = "INVALID_FIELD";
  details.metadata = {{"resource", std::string(10'000, 'x')}};
  for (int i = 0; i < 1000; ++i)
    details.field_violations.push_back(
        {"spec.tasks[" + std::to_string(i) + "]", std::string(500, 'y')});
  std::string long_text;
  for (int i = 0; i < 10'000; ++i) long_text += "\u00e4";
  const grpc::Status wire =
      ToGrpc(MakeError(absl::StatusCode::kInvalidArgument, long_text, std::move(details)));
  CHECK(wire.error_message().size() * 3 + wire.error_details().size() * 4 / 3 < 8000);
  const ErrorDetails back = DetailsOf(FromGrpc(wire));
  CHECK(back.reason == "INVALID_FIELD");
  REQUIRE(back.field_violations.size() > 2);
  CHECK(back.field_violations[0].field == "spec.tasks[0]");
}

TEST_CASE("code names are those of google.rpc.Code") {
  CHECK(CodeName(absl::StatusCode::kOk) == "OK");
  CHECK(CodeName(absl::StatusCode::kAborted) == "ABORTED");
  CHECK(CodeName(absl::StatusCode::kUnauthenticated) == "UNAUTHENTICATED");
}

}  // namespace slipway::rpc
