#include "libs/blob/blob_store.h"

#include <algorithm>
#include <vector>

#include "libs/base/strings.h"

namespace slipway::blob {
namespace {

bool IsKeyChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsPart(const std::string& part) {
  return !part.empty() && part.size() <= 200 && part.front() != '.' &&
         std::all_of(part.begin(), part.end(), IsKeyChar);
}

}  // namespace

absl::Status ValidateKey(std::string_view key) {
  const std::vector<std::string> parts = Split(key, '/');
  if (key.size() <= 1024 && parts.size() <= 32 && std::all_of(parts.begin(), parts.end(), IsPart)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("\"" + Truncate(ToValidUtf8(key), 100) + "\" is no blob key");
}

}  // namespace slipway::blob
