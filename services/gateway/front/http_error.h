#pragma once

#include <string>

#include "absl/status/status.h"

namespace slipway::gateway {

// The HTTP status of a canonical code, by the table of google/rpc/code.proto.
int HttpStatusOf(absl::StatusCode code);

// {"error": {"code", "status", "message", "details"}} as https://google.aip.dev/193 writes it.
// `http_status` 0: by the code.
std::string ErrorJson(const absl::Status& status, int http_status = 0);

// A status for an HTTP status that the server itself answers with (413, 431, 400, 503).
absl::Status StatusOfHttp(int http_status, std::string_view problem);

}  // namespace slipway::gateway
