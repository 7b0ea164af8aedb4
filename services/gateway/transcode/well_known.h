#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace slipway::gateway {

// The message types that are one text in JSON (https://protobuf.dev/programming-guides/json):
// Timestamp, Duration and FieldMask.
bool IsTextType(const google::protobuf::Descriptor* type);

// Reads the text into a message of such a type. The error says what was expected, without the
// field's name.
absl::Status ReadTextType(std::string_view text, google::protobuf::Message& message);

// The text of such a message.
std::string WriteTextType(const google::protobuf::Message& message);

}  // namespace slipway::gateway
