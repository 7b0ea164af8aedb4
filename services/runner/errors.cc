#include "services/runner/errors.h"

#include "libs/base/error.h"

namespace slipway::runner {
namespace {

absl::Status Make(absl::StatusCode code, const char* reason, const std::string& message) {
  ErrorDetails details;
  details.reason = reason;
  return MakeError(code, message, std::move(details));
}

}  // namespace

absl::Status SandboxMissing() {
  return Make(absl::StatusCode::kFailedPrecondition, "SANDBOX_MISSING",
              "bubblewrap does not work on this machine, so no job can be isolated: install the "
              "package \"bubblewrap\" "
              "and allow user namespaces, or start the runner with --allow-unsandboxed where all "
              "jobs are trusted");
}

absl::Status PathOutsideCheckout(const std::string& what, const std::string& path) {
  return Make(
      absl::StatusCode::kInvalidArgument, "PATH_OUTSIDE_CHECKOUT",
      what + " \"" + path +
          "\" leaves the checkout: use a relative path without \"..\" and without symbolic links");
}

absl::Status FileMissing(const std::string& what, const std::string& path,
                         const std::string& field) {
  return Make(
      absl::StatusCode::kNotFound, "FILE_MISSING",
      "there is no " + what + " \"" + path + "\" in the commit: add it, or correct " + field);
}

absl::Status ImageBuildFailed(const std::string& cause) {
  return Make(absl::StatusCode::kFailedPrecondition, "IMAGE_BUILD_FAILED",
              "the image build failed: " + cause);
}

absl::Status ImageTimedOut(absl::Duration limit) {
  return Make(absl::StatusCode::kDeadlineExceeded, "IMAGE_TIMED_OUT",
              "the image build took longer than its limit of " +
                  std::string(absl::FormatDuration(absl::Trunc(limit, absl::Milliseconds(1)))));
}

absl::Status ImagePushFailed(const std::string& registry, const std::string& cause) {
  return Make(absl::StatusCode::kFailedPrecondition, "IMAGE_PUSH_FAILED",
              "the registry " + registry + " did not take the image: " + cause);
}

absl::Status JobUnsupported(const std::string& what) {
  return Make(absl::StatusCode::kInvalidArgument, "JOB_UNSUPPORTED", what);
}

}  // namespace slipway::runner
