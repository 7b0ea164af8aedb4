#include "libs/rpc/status.h"

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::rpc {

namespace {

// A status travels in HTTP/2 trailers, of which gRPC clients take 8 KiB unless told otherwise: the
// message as it is (up to three bytes for one) and the details in base64.
constexpr size_t kMaxMessage = 1000;
constexpr size_t kMaxDetails = 3400;
constexpr size_t kMaxValue = 200;

std::string Short(std::string_view text, size_t limit) {
  return Truncate(ToValidUtf8(text), limit);
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = Short(MessageOf(status), kMaxMessage);
  const ErrorDetails details = DetailsOf(status);
  google::rpc::Status rich;
  rich.set_code(static_cast<int>(status.code()));
  rich.set_message(message);
  if (!details.reason.empty()) {
    google::rpc::ErrorInfo info;
    info.set_reason(details.reason);
    info.set_domain("slipway.dev");
    for (const auto& [key, value] : details.metadata)
      (*info.mutable_metadata())[key] = Short(value, kMaxValue);
    rich.add_details()->PackFrom(info);
  }
  if (!details.field_violations.empty()) {
    google::rpc::BadRequest bad;
    for (const auto& violation : details.field_violations) {
      google::rpc::BadRequest::FieldViolation one;
      one.set_field(Short(violation.field, kMaxValue));
      one.set_description(Short(violation.description, 2 * kMaxValue));
      if (rich.ByteSizeLong() + bad.ByteSizeLong() + one.ByteSizeLong() > kMaxDetails) break;
      *bad.add_field_violations() = std::move(one);
    }
    rich.add_details()->PackFrom(bad);
  }
  if (details.retry_after_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(details.retry_after_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(details.retry_after_ms % 1000) *
                                           1'000'000);
    rich.add_details()->PackFrom(retry);
  }
  return {static_cast<grpc::StatusCode>(status.code()), message,
          rich.details_size() > 0 ? rich.SerializeAsString() : std::string()};
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  ErrorDetails details;
  google::rpc::Status rich;
  if (!status.error_details().empty() && rich.ParseFromString(status.error_details())) {
    for (const auto& any : rich.details()) {
      google::rpc::ErrorInfo info;
      google::rpc::BadRequest bad;
      google::rpc::RetryInfo retry;
      if (any.UnpackTo(&info)) {
        details.reason = info.reason();
        for (const auto& [key, value] : info.metadata()) details.metadata.emplace_back(key, value);
      } else if (any.UnpackTo(&bad)) {
        for (const auto& v : bad.field_violations())
          details.field_violations.push_back({v.field(), v.description()});
      } else if (any.UnpackTo(&retry)) {
        details.retry_after_ms =
            retry.retry_delay().seconds() * 1000 + retry.retry_delay().nanos() / 1'000'000;
      }
    }
  }
  return MakeError(static_cast<absl::StatusCode>(status.error_code()), status.error_message(),
                   std::move(details));
}

std::string_view CodeName(absl::StatusCode code) {
  static constexpr std::string_view kNames[] = {"OK",
                                                "CANCELLED",
                                                "UNKNOWN",
                                                "INVALID_ARGUMENT",
                                                "DEADLINE_EXCEEDED",
                                                "NOT_FOUND",
                                                "ALREADY_EXISTS",
                                                "PERMISSION_DENIED",
                                                "RESOURCE_EXHAUSTED",
                                                "FAILED_PRECONDITION",
                                                "ABORTED",
                                                "OUT_OF_RANGE",
                                                "UNIMPLEMENTED",
                                                "INTERNAL",
                                                "UNAVAILABLE",
                                                "DATA_LOSS",
                                                "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

}  // namespace slipway::rpc
