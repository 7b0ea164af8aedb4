#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

// The runner's user-visible errors. Each becomes the reason of a step or job: one sentence with the
// cause and the remedy.
namespace slipway::runner {

// FAILED_PRECONDITION SANDBOX_MISSING.
absl::Status SandboxMissing();
// FAILED_PRECONDITION DATA_FOLDER_TAKEN.
absl::Status DataFolderTaken(const std::string& folder);
// FAILED_PRECONDITION TOKEN_UNREADABLE.
absl::Status TokenUnreadable(const std::string& file, const std::string& cause);
// INVALID_ARGUMENT PATH_OUTSIDE_CHECKOUT: `what` ("Dockerfile") at `path` leaves the checkout.
absl::Status PathOutsideCheckout(const std::string& what, const std::string& path);
// NOT_FOUND FILE_MISSING: there is no `what` at `path` in the commit.
absl::Status FileMissing(const std::string& what, const std::string& path,
                         const std::string& field);
// FAILED_PRECONDITION IMAGE_BUILD_FAILED.
absl::Status ImageBuildFailed(const std::string& cause);
// DEADLINE_EXCEEDED IMAGE_TIMED_OUT.
absl::Status ImageTimedOut(absl::Duration limit);
// FAILED_PRECONDITION IMAGE_PUSH_FAILED: names registry and answer.
absl::Status ImagePushFailed(const std::string& registry, const std::string& cause);
// FAILED_PRECONDITION IMAGE_STORAGE_FAILED: for the operator; buildah could not `action` ("rmi").
absl::Status ImageStorageFailed(const std::string& action, const std::string& cause);
// INVALID_ARGUMENT JOB_UNSUPPORTED: the plan asks for what this runner can't do.
absl::Status JobUnsupported(const std::string& what);

}  // namespace slipway::runner
