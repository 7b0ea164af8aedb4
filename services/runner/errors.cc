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

absl::Status DataFolderTaken(const std::string& folder) {
  return Make(absl::StatusCode::kFailedPrecondition, "DATA_FOLDER_TAKEN",
              "another runner works in " + folder +
                  ": stop it, or give this one a folder of its own with --data-dir");
}

absl::Status TokenUnreadable(const std::string& file, const std::string& cause) {
  return Make(absl::StatusCode::kFailedPrecondition, "TOKEN_UNREADABLE",
              "there is no token in " + file + " (" + cause +
                  "): create the runner, write its token to that file, or correct --token-file");
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
                  std::string(absl::FormatDuration(absl::Trunc(limit, absl::Milliseconds(1)))) +
                  "; raise the limit or make the build shorter");
}

absl::Status ImagePushFailed(const std::string& registry, const std::string& cause) {
  return Make(absl::StatusCode::kFailedPrecondition, "IMAGE_PUSH_FAILED",
              "the registry " + registry + " did not take the image: " + cause);
}

absl::Status ImageStorageFailed(const std::string& action, const std::string& cause) {
  return Make(absl::StatusCode::kFailedPrecondition, "IMAGE_STORAGE_FAILED",
              "\"buildah " + action + "\" failed on the storage of images: " + cause +
                  "; if it goes on, stop the runner and remove images/ in its data folder");
}

absl::Status JobUnsupported(const std::string& what) {
  return Make(absl::StatusCode::kInvalidArgument, "JOB_UNSUPPORTED", what);
}

}  // namespace slipway::runner
