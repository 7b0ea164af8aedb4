#pragma once

#include <string>
#include <string_view>

#include "google/protobuf/message.h"

namespace slipway::gateway {

// `message` as JSON by the proto3 mapping: names in camelCase, enums by name, 64-bit numbers as
// text. Numbers, texts, enums, lists and maps are printed even when they are empty, so that clients
// see each field; messages and optional fields only when set, and fields marked sensitive only when
// they have a value.
std::string WriteJson(const google::protobuf::Message& message);

// A JSON string with its quotes. `text` must be UTF-8.
void AppendJsonString(std::string_view text, std::string& out);

}  // namespace slipway::gateway
