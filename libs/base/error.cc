#include "libs/base/error.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "libs/base/encoding.h"
#include "libs/base/strings.h"

namespace slipway {
namespace {

// Payload format, private to this file: one record a line, fields in base64url separated by spaces.
constexpr char kPayloadUrl[] = "slipway.dev/error";

std::string Line(char kind, std::string_view a, std::string_view b) {
  return std::string(1, kind) + " " + Base64UrlEncode(a) + " " + Base64UrlEncode(b) + "\n";
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details) {
  absl::Status status(code, ToAbsl(message));
  std::string payload = Line('r', details.reason, std::to_string(details.retry_after_ms));
  for (const auto& [key, value] : details.metadata) payload += Line('m', key, value);
  for (const auto& v : details.field_violations) payload += Line('f', v.field, v.description);
  status.SetPayload(kPayloadUrl, absl::Cord(payload));
  return status;
}

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return details;
  const std::string text(*payload);
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(text, '\n', absl::SkipEmpty()))) {
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    if (parts.size() != 3) continue;
    const std::string a = Base64UrlDecode(parts[1]).value_or("");
    const std::string b = Base64UrlDecode(parts[2]).value_or("");
    if (parts[0] == "r") {
      details.reason = a;
      (void)absl::SimpleAtoi(b, &details.retry_after_ms);
    } else if (parts[0] == "m") {
      details.metadata.emplace_back(a, b);
    } else if (parts[0] == "f") {
      details.field_violations.push_back({a, b});
    }
  }
  return details;
}

absl::Status InvalidField(std::string_view field, std::string_view problem) {
  ErrorDetails details;
  details.reason = "INVALID_FIELD";
  details.field_violations.push_back({std::string(field), std::string(problem)});
  return MakeError(absl::StatusCode::kInvalidArgument,
                   std::string(field) + ": " + std::string(problem), std::move(details));
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace slipway
