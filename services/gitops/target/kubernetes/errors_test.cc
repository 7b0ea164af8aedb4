#include "services/gitops/target/kubernetes/errors.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::gitops::kubernetes {
namespace {

absl::Status ErrorOf(int code, const std::string& body) {
  const kube::ObjectId id{"apps", "Deployment", "shop", "api"};
  return SyncError(id, kube::Judge(kube::Response{.status = code, .headers = {}, .body = body},
                                   "apply Deployment shop/api"));
}

TEST_CASE("each refusal of a server is final or passing") {
  struct Row {
    std::string what;
    int code;
    std::string body;
    bool final;
  };
  const Row rows[] = {
      {"wrong value", 422,
       R"({"kind":"Status","reason":"Invalid","code":422,"message":"spec.replicas: Invalid value",)"
       R"("details":{"causes":[{"field":"spec.replicas","message":"must not be negative"}]}})",
       true},
      {"wrong type", 500,
       R"x({"kind":"Status","code":500,"message":"failed to create typed patch object (x; apps/v1)"})x",
       true},
      {"immutable", 422,
       R"({"kind":"Status","reason":"Invalid","code":422,"message":"spec.selector: field is immutable"})",
       true},
      {"forbidden", 403, R"({"kind":"Status","reason":"Forbidden","code":403,"message":"no"})",
       false},
      {"token expired", 401, R"({"kind":"Status","reason":"Unauthorized","code":401})", false},
      {"namespace ends", 403,
       R"({"kind":"Status","reason":"Forbidden","code":403,"message":"x","details":{"causes":)"
       R"([{"reason":"NamespaceTerminating","message":"being terminated"}]}})",
       false},
      {"kind missing", 404,
       R"({"kind":"Status","code":404,"message":"the server could not find the requested resource"})",
       false},
      {"conflict", 409, R"({"kind":"Status","reason":"Conflict","code":409})", false},
      {"throttled", 429, R"({"kind":"Status","code":429})", false},
      {"crashed", 503, "<html>", false},
  };
  for (const Row& row : rows) {
    const absl::Status error = ErrorOf(row.code, row.body);
    INFO(row.what << ": " << error);
    CHECK(error.code() ==
          (row.final ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kUnavailable));
    CHECK(MessageOf(error).find("Deployment shop/api") != std::string::npos);
  }
}

TEST_CASE("the field that is wrong is named") {
  const auto error = ErrorOf(
      422, R"({"kind":"Status","reason":"Invalid","code":422,"message":"m",)"
           R"("details":{"causes":[{"field":"spec.replicas","message":"must not be negative"}]}})");
  REQUIRE(DetailsOf(error).field_violations.size() == 1);
  CHECK(DetailsOf(error).field_violations[0].field == "spec.replicas");
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
