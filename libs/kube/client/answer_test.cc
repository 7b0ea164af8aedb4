#include "libs/kube/client/answer.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::kube {
namespace {

// A Status as an API server writes it.
std::string StatusJson(const std::string& reason, const std::string& message,
                       const std::string& details = "{}") {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":")" +
         message + R"(","reason":")" + reason + R"(","details":)" + details + R"(,"code":0})";
}

Outcome Of(int http, const std::string& body) {
  return Judge(Response{.status = http, .headers = {}, .body = body}, "apply X").outcome;
}

}  // namespace

TEST_CASE("each answer of an API server has its meaning") {
  CHECK(Of(200, "{}") == Outcome::kOk);
  CHECK(Of(201, "{}") == Outcome::kOk);
  CHECK(Of(401, StatusJson("Unauthorized", "Unauthorized")) == Outcome::kUnauthorized);
  CHECK(Of(403, StatusJson("Forbidden", "User cannot patch")) == Outcome::kForbidden);
  CHECK(Of(404, StatusJson("NotFound", "not found")) == Outcome::kNotFound);
  CHECK(Of(409, StatusJson("Conflict", "the UID in the precondition does not match")) ==
        Outcome::kConflict);
  CHECK(Of(409, StatusJson("AlreadyExists", "already exists")) == Outcome::kAlreadyExists);
  CHECK(Of(410, StatusJson("Expired", "too old resource version")) == Outcome::kGone);
  CHECK(Of(422, StatusJson("Invalid", "spec.replicas: Invalid value")) == Outcome::kInvalid);
  CHECK(Of(429, StatusJson("TooManyRequests", "slow down")) == Outcome::kThrottled);
  CHECK(Of(500, StatusJson("InternalError", "etcdserver: leader changed")) == Outcome::kTransient);
  CHECK(Of(503, "upstream connect error") == Outcome::kTransient);
  CHECK(Of(504, StatusJson("Timeout", "Too large resource version")) == Outcome::kTransient);
  CHECK(Of(400, StatusJson("BadRequest", "strict decoding error")) == Outcome::kInvalid);
  CHECK(Of(413, "too large") == Outcome::kInvalid);
  CHECK(Of(302, "") == Outcome::kInvalid);
}

TEST_CASE("a patch that can't be typed is permanent though the server says 500") {
  CHECK(Of(500, StatusJson("",
                           "failed to create typed patch object (shop/api; apps/v1, "
                           "Kind=Deployment): .spec.replicaz: field not declared in schema")) ==
        Outcome::kInvalid);
}

TEST_CASE("fields that can't change are recognised in the words of several kinds") {
  const auto message = GENERATE(
      as<std::string>(),
      "Deployment.apps \\\"x\\\" is invalid: spec.selector: Invalid value: field is immutable",
      "StatefulSet.apps \\\"x\\\" is invalid: spec: Forbidden: updates to statefulset spec for "
      "fields "
      "other than 'replicas', 'ordinals' are forbidden",
      "Pod \\\"x\\\" is invalid: spec: Forbidden: pod updates may not change fields other than "
      "`spec.containers[*].image`",
      "RoleBinding.rbac.authorization.k8s.io \\\"x\\\" is invalid: roleRef: Invalid value: cannot "
      "change roleRef",
      "Service \\\"x\\\" is invalid: spec.clusterIPs[0]: Invalid value: may not change once set",
      "StorageClass.storage.k8s.io \\\"x\\\" is invalid: parameters: Forbidden: updates to "
      "parameters "
      "are forbidden.");
  CHECK(Of(422, StatusJson("Invalid", message)) == Outcome::kImmutable);
}

TEST_CASE("a namespace that is going is told from missing rights") {
  const std::string by_cause = StatusJson(
      "Forbidden", "pods \\\"x\\\" is forbidden",
      R"({"name":"x","kind":"pods","causes":[{"reason":"NamespaceTerminating",)"
      R"("message":"namespace shop is being terminated","field":"metadata.namespace"}]})");
  CHECK(Of(403, by_cause) == Outcome::kNamespaceTerminating);
  CHECK(Of(403, StatusJson("Forbidden",
                           "unable to create new content in namespace shop because it "
                           "is being terminated")) == Outcome::kNamespaceTerminating);
}

TEST_CASE("404 tells a missing object from a missing namespace and a missing kind") {
  const auto status = [](const std::string& body) {
    return ParseApiStatus({.status = 404, .headers = {}, .body = body});
  };
  const ApiStatus object =
      status(StatusJson("NotFound", "not found", R"({"name":"x","kind":"configmaps"})"));
  CHECK(!IsKindMissing(object));
  CHECK(!IsNamespaceMissing(object));
  CHECK(IsNamespaceMissing(
      status(StatusJson("NotFound", "not found", R"({"name":"shop","kind":"namespaces"})"))));
  CHECK(IsKindMissing(
      status(StatusJson("NotFound", "the server could not find the requested resource"))));
  CHECK(IsKindMissing(status("404 page not found")));
}

TEST_CASE("the delay that the server asks for is read from header and details") {
  const std::string body = StatusJson("TooManyRequests", "busy", R"({"retryAfterSeconds":7})");
  CHECK(ParseApiStatus({.status = 429, .headers = {}, .body = body}).retry_after ==
        absl::Seconds(7));
  CHECK(ParseApiStatus({.status = 429, .headers = {{"retry-after", "2"}}, .body = body})
            .retry_after == absl::Seconds(2));
  CHECK(ParseApiStatus({.status = 503, .headers = {{"Retry-After", "999999"}}, .body = ""})
            .retry_after == absl::Minutes(5));
  CHECK(
      ParseApiStatus({.status = 503, .headers = {{"Retry-After", "-1"}}, .body = ""}).retry_after ==
      absl::ZeroDuration());
  CHECK(ParseApiStatus({.status = 503,
                        .headers = {{"Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT"}},
                        .body = ""})
            .retry_after == absl::ZeroDuration());
}

TEST_CASE("an error for people says what was done, names the fields and says when to try again") {
  const std::string body = StatusJson(
      "Invalid", "Deployment.apps is invalid",
      R"({"name":"api","kind":"Deployment","group":"apps","causes":[{"reason":"FieldValueInvalid",)"
      R"("message":"must be positive","field":"spec.replicas"}]})");
  const Answer answer =
      Judge(Response{.status = 422, .headers = {}, .body = body}, "apply Deployment shop/api");
  CHECK(answer.error.code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(answer.error) == "apply Deployment shop/api: Deployment.apps is invalid");
  const ErrorDetails details = DetailsOf(answer.error);
  CHECK(details.reason == "CLUSTER_INVALID");
  REQUIRE(details.field_violations.size() == 1);
  CHECK(details.field_violations[0].field == "spec.replicas");
  CHECK(answer.status.group == "apps");
}

TEST_CASE("answers that are no Status are still judged") {
  const auto body = GENERATE(as<std::string>(), "", "<html>Bad gateway</html>", "{\"kind\":\"Stat",
                             "[]", "null", "{\"kind\":\"Status\",\"details\":7,\"code\":\"x\"}",
                             "{\"kind\":\"Status\",\"details\":{\"causes\":[1,{}]}}");
  const Answer answer = Judge(Response{.status = 502, .headers = {}, .body = body}, "get X");
  CHECK(answer.outcome == Outcome::kTransient);
  CHECK(answer.http_status == 502);
  CHECK(!answer.error.ok());
}

TEST_CASE("no answer at all is transient, and a cancelled call says so") {
  CHECK(Judge(absl::UnavailableError("refused"), "x").outcome == Outcome::kTransient);
  CHECK(Judge(absl::DeadlineExceededError("late"), "x").outcome == Outcome::kTransient);
  CHECK(Judge(absl::CancelledError("stop"), "x").outcome == Outcome::kCancelled);
  CHECK(Judge(absl::InvalidArgumentError("address"), "x").outcome == Outcome::kInvalid);
}

}  // namespace slipway::kube
