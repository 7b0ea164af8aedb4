#include "services/gateway/front/http_error.h"

#include <boost/json.hpp>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/status.h"

namespace slipway::gateway {
namespace {

namespace bj = boost::json;

constexpr char kTypePrefix[] = "type.googleapis.com/google.rpc.";

bj::array DetailsJson(const ErrorDetails& details) {
  bj::array list;
  if (!details.reason.empty()) {
    bj::object metadata;
    for (const auto& [key, value] : details.metadata) metadata[key] = ToValidUtf8(value);
    list.push_back({{"@type", std::string(kTypePrefix) + "ErrorInfo"},
                    {"reason", details.reason},
                    {"domain", "slipway.dev"},
                    {"metadata", std::move(metadata)}});
  }
  if (!details.field_violations.empty()) {
    bj::array violations;
    for (const auto& violation : details.field_violations) {
      violations.push_back({{"field", ToValidUtf8(violation.field)},
                            {"description", ToValidUtf8(violation.description)}});
    }
    list.push_back({{"@type", std::string(kTypePrefix) + "BadRequest"},
                    {"fieldViolations", std::move(violations)}});
  }
  if (details.retry_after_ms > 0) {
    const std::string millis = std::to_string(1000 + details.retry_after_ms % 1000).substr(1);
    list.push_back(
        {{"@type", std::string(kTypePrefix) + "RetryInfo"},
         {"retryDelay", std::to_string(details.retry_after_ms / 1000) + "." + millis + "s"}});
  }
  return list;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

std::string ErrorJson(const absl::Status& status, int http_status) {
  const bj::object error = {{"code", http_status != 0 ? http_status : HttpStatusOf(status.code())},
                            {"status", std::string(rpc::CodeName(status.code()))},
                            {"message", ToValidUtf8(MessageOf(status))},
                            {"details", DetailsJson(DetailsOf(status))}};
  return bj::serialize(bj::object{{"error", error}});
}

absl::Status StatusOfHttp(int http_status, std::string_view problem) {
  switch (http_status) {
    case 413:
    case 431:
      return absl::ResourceExhaustedError(ToAbsl(problem));
    case 503:
      return absl::UnavailableError(ToAbsl(problem));
    case 404:
      return absl::NotFoundError(ToAbsl(problem));
    case 401:
      return absl::UnauthenticatedError(ToAbsl(problem));
    default:
      return absl::InvalidArgumentError(ToAbsl(problem));
  }
}

}  // namespace slipway::gateway
