#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

// Every error of libs/git that a user may see. Reasons are stable, texts are not. No text contains
// a credential.
namespace slipway::git {

// INVALID_ARGUMENT INVALID_GIT_NAME: "<what> "<value>" <problem>".
absl::Status InvalidName(std::string_view what, std::string_view value, std::string_view problem);

// What the other side said no to. `detail` is git's own message.

// UNAUTHENTICATED GIT_AUTHENTICATION_FAILED
absl::Status AuthenticationFailed(std::string_view url);
// PERMISSION_DENIED GIT_FORBIDDEN
absl::Status AccessForbidden(std::string_view url);
// NOT_FOUND GIT_REPOSITORY_NOT_FOUND
absl::Status RepositoryNotFound(std::string_view url);
// NOT_FOUND GIT_REMOTE_REF_NOT_FOUND
absl::Status RemoteRefNotFound(std::string_view url, std::string_view detail);
// UNAVAILABLE GIT_HOST_UNREACHABLE
absl::Status HostUnreachable(std::string_view url, std::string_view detail);
// FAILED_PRECONDITION GIT_CERTIFICATE
absl::Status CertificateRefused(std::string_view url, std::string_view detail);
// FAILED_PRECONDITION GIT_REDIRECTED
absl::Status Redirected(std::string_view url);
// FAILED_PRECONDITION GIT_NOT_A_REPOSITORY
absl::Status NotAGitServer(std::string_view url);
// DEADLINE_EXCEEDED GIT_TIMEOUT
absl::Status TimedOut(std::string_view url, std::string_view after);
// CANCELLED GIT_STOPPED
absl::Status Stopped(std::string_view url);
// ABORTED GIT_PUSH_REJECTED: somebody else was first; fetch, build the commit again, push again.
absl::Status PushRejected(std::string_view ref, std::string_view detail);
// FAILED_PRECONDITION GIT_PUSH_DECLINED: a hook or a branch protection of the server does not want
// this push.
absl::Status PushDeclined(std::string_view ref, std::string_view detail);
// UNKNOWN GIT_FAILED: anything else, with git's own message.
absl::Status CommandFailed(std::string_view what, std::string_view detail);

// What is not in the mirror.

// NOT_FOUND GIT_NO_DEFAULT_BRANCH
absl::Status NoDefaultBranch(std::string_view url);
// NOT_FOUND GIT_REVISION_NOT_FOUND
absl::Status RevisionNotFound(std::string_view revision);
// INVALID_ARGUMENT GIT_REVISION_AMBIGUOUS
absl::Status RevisionAmbiguous(std::string_view revision);
// NOT_FOUND GIT_FILE_NOT_FOUND
absl::Status FileNotFound(std::string_view path, std::string_view commit);
// INVALID_ARGUMENT GIT_PATH_REFUSED
absl::Status PathRefused(std::string_view path, std::string_view problem);
// RESOURCE_EXHAUSTED GIT_FILE_TOO_LARGE
absl::Status FileTooLarge(std::string_view path, size_t bytes, size_t max_bytes);
// RESOURCE_EXHAUSTED GIT_FOLDER_TOO_LARGE
absl::Status FolderTooLarge(std::string_view path, size_t max_entries);
// DATA_LOSS GIT_MIRROR_DAMAGED: Mirror::Read repairs the mirror and reads again.
absl::Status MirrorDamaged(std::string_view detail);

}  // namespace slipway::git
