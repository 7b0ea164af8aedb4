#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace slipway::gateway {

// Reads a JSON object into `message` by the proto3 JSON mapping. Stricter than protobuf's own
// parser, which passes over an object where an array belongs, and with errors that name the field:
// INVALID_ARGUMENT with its path, "spec.tag", and all mistakes of the text at once, 50 at most.
// Unknown and doubled fields are refused; enum values are read in any case. An empty text is {}.
absl::Status ReadJson(std::string_view text, google::protobuf::Message& message);

}  // namespace slipway::gateway
