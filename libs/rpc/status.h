#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace slipway::rpc {

// The wire form of a status: code, text, and a google.rpc.Status with ErrorInfo, BadRequest and
// RetryInfo in error_details (https://google.aip.dev/193). `domain` of ErrorInfo is "slipway.dev".
grpc::Status ToGrpc(const absl::Status& status);

// The reverse: code, text and the details as libs/base/error.h keeps them.
absl::Status FromGrpc(const grpc::Status& status);

// "NOT_FOUND" for kNotFound.
std::string_view CodeName(absl::StatusCode code);

}  // namespace slipway::rpc
