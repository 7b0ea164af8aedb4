#include "services/gitops/source/errors.h"

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

using Code = absl::StatusCode;

absl::Status Error(Code code, std::string_view reason, const std::string& message) {
  ErrorDetails details;
  details.reason = reason;
  return MakeError(code, message, std::move(details));
}

std::string Text(std::string_view text) { return std::string(text); }

}  // namespace

absl::Status SourceInvalid(std::string_view path, std::string_view problem) {
  return Error(Code::kInvalidArgument, "SOURCE_INVALID", Text(path) + ": " + Text(problem));
}

absl::Status SourceRemote(std::string_view path, std::string_view what, std::string_view remedy) {
  return Error(Code::kInvalidArgument, "SOURCE_REMOTE",
               Text(path) + ": " + Text(what) +
                   " is not in the repository, and rendering has no "
                   "network: " +
                   Text(remedy));
}

absl::Status SourceNotFound(std::string_view path) {
  return Error(Code::kNotFound, "SOURCE_NOT_FOUND",
               "spec.deploy.path: nothing stands at \"" + Text(path) + "\" of this commit");
}

absl::Status RenderFailed(std::string_view tool, std::string_view detail) {
  return Error(Code::kInvalidArgument, "RENDER_FAILED", Text(tool) + ": " + Text(detail));
}

absl::Status RenderEmpty(std::string_view path) {
  return Error(Code::kInvalidArgument, "RENDER_EMPTY",
               Text(path) +
                   ": there is no object in it; what runs is left as it is. To take it "
                   "away, delete the app");
}

absl::Status ImageNotUsed(std::string_view image, std::string_view remedy) {
  return Error(Code::kInvalidArgument, "IMAGE_NOT_USED",
               "what was rendered does not run the image " + Text(image) + ": " + Text(remedy));
}

absl::Status RenderLimit(std::string_view what) {
  return Error(Code::kResourceExhausted, "RENDER_LIMIT", Text(what));
}

absl::Status RenderTimeout(std::string_view tool, std::string_view after) {
  return Error(Code::kDeadlineExceeded, "RENDER_TIMEOUT",
               Text(tool) + " did not end within " + Text(after));
}

absl::Status ToolMissing(std::string_view tool, std::string_view setting, std::string_view binary) {
  return Error(Code::kFailedPrecondition, "TOOL_MISSING",
               binary.empty() ? Text(tool) +
                                    " is needed for this and not set up: name the program "
                                    "by the setting " +
                                    Text(setting)
                              : Text(tool) + " is needed for this, and " + Text(setting) +
                                    " names no program: " + Text(binary));
}

}  // namespace slipway::gitops
