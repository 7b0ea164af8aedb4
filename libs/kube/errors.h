#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "libs/base/error.h"

namespace slipway::kube {

// INVALID_ARGUMENT, reason MANIFEST_INVALID, "shop/api.yaml:12: <problem>"; file and line in the
// metadata. Line 0: the whole file.
inline absl::Status InvalidManifest(std::string_view file, int line, std::string_view problem) {
  ErrorDetails details;
  details.reason = "MANIFEST_INVALID";
  std::string text(file);
  details.metadata = {{"file", text}, {"problem", std::string(problem)}};
  if (line > 0) {
    details.metadata.emplace_back("line", std::to_string(line));
    text += ":" + std::to_string(line);
  }
  return MakeError(absl::StatusCode::kInvalidArgument, text + ": " + std::string(problem),
                   std::move(details));
}

}  // namespace slipway::kube
