#include "libs/git/errors.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::git {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

absl::Status Make(absl::StatusCode code, std::string_view reason, std::string text,
                  Metadata metadata) {
  ErrorDetails details;
  details.reason = std::string(reason);
  details.metadata = std::move(metadata);
  return MakeError(code, text, std::move(details));
}

absl::Status Remote(absl::StatusCode code, std::string_view reason, std::string_view url,
                    std::string text) {
  return Make(code, reason, std::string(url) + ": " + std::move(text), {{"url", std::string(url)}});
}

std::string Quoted(std::string_view value) {
  return "\"" + Truncate(ToValidUtf8(value), 200) + "\"";
}
std::string Detail(std::string_view detail) { return Truncate(ToValidUtf8(Trim(detail)), 500); }

}  // namespace

absl::Status InvalidName(std::string_view what, std::string_view value, std::string_view problem) {
  return Make(absl::StatusCode::kInvalidArgument, "INVALID_GIT_NAME",
              std::string(what) + " " + Quoted(value) + " " + std::string(problem), {});
}

absl::Status AuthenticationFailed(std::string_view url) {
  return Remote(
      absl::StatusCode::kUnauthenticated, "GIT_AUTHENTICATION_FAILED", url,
      "the git server refused user name or token; check the git account of this repository");
}

absl::Status AccessForbidden(std::string_view url) {
  return Remote(absl::StatusCode::kPermissionDenied, "GIT_FORBIDDEN", url,
                "the git server denies access (403); give the git account's token the right to "
                "this repository");
}

absl::Status RepositoryNotFound(std::string_view url) {
  return Remote(
      absl::StatusCode::kNotFound, "GIT_REPOSITORY_NOT_FOUND", url,
      "no such repository, or the git account may not see it; check the URL and the account");
}

absl::Status RemoteRefNotFound(std::string_view url, std::string_view detail) {
  return Remote(absl::StatusCode::kNotFound, "GIT_REMOTE_REF_NOT_FOUND", url,
                Detail(detail) + "; check the name of the branch, tag or commit");
}

absl::Status HostUnreachable(std::string_view url, std::string_view detail) {
  return Remote(absl::StatusCode::kUnavailable, "GIT_HOST_UNREACHABLE", url,
                "the git server can't be reached: " + Detail(detail));
}

absl::Status CertificateRefused(std::string_view url, std::string_view detail) {
  return Remote(absl::StatusCode::kFailedPrecondition, "GIT_CERTIFICATE", url,
                "the git server's certificate is not trusted: " + Detail(detail));
}

absl::Status Redirected(std::string_view url) {
  return Remote(
      absl::StatusCode::kFailedPrecondition, "GIT_REDIRECTED", url,
      "the server redirects to another address, which is not followed with credentials; use the "
      "repository's own URL");
}

absl::Status NotAGitServer(std::string_view url) {
  return Remote(absl::StatusCode::kFailedPrecondition, "GIT_NOT_A_REPOSITORY", url,
                "the server answers, but not as a git repository; check the URL");
}

absl::Status TimedOut(std::string_view url, std::string_view after) {
  return Remote(absl::StatusCode::kDeadlineExceeded, "GIT_TIMEOUT", url,
                "the git server did not finish within " + std::string(after));
}

absl::Status Stopped(std::string_view url) {
  return Remote(absl::StatusCode::kCancelled, "GIT_STOPPED", url,
                "stopped before the git server answered");
}

absl::Status PushRejected(std::string_view ref, std::string_view detail) {
  return Make(absl::StatusCode::kAborted, "GIT_PUSH_REJECTED",
              std::string(ref) + " has changed on the git server meanwhile: " + Detail(detail),
              {{"ref", std::string(ref)}});
}

absl::Status PushDeclined(std::string_view ref, std::string_view detail) {
  return Make(absl::StatusCode::kFailedPrecondition, "GIT_PUSH_DECLINED",
              "the git server declined the push to " + std::string(ref) + ": " + Detail(detail),
              {{"ref", std::string(ref)}});
}

absl::Status CommandFailed(std::string_view what, std::string_view detail) {
  return Make(absl::StatusCode::kUnknown, "GIT_FAILED", std::string(what) + ": " + Detail(detail),
              {});
}

absl::Status NoDefaultBranch(std::string_view url) {
  return Remote(absl::StatusCode::kNotFound, "GIT_NO_DEFAULT_BRANCH", url,
                "the repository has no default branch, or it is empty; name a branch");
}

absl::Status RevisionNotFound(std::string_view revision) {
  return Make(absl::StatusCode::kNotFound, "GIT_REVISION_NOT_FOUND",
              "no branch, tag or commit " + Quoted(revision) + " in this repository", {});
}

absl::Status RevisionAmbiguous(std::string_view revision) {
  return Make(absl::StatusCode::kInvalidArgument, "GIT_REVISION_AMBIGUOUS",
              Quoted(revision) + " stands for several commits; give more digits", {});
}

absl::Status FileNotFound(std::string_view path, std::string_view commit) {
  return Make(absl::StatusCode::kNotFound, "GIT_FILE_NOT_FOUND",
              "no file " + Quoted(path) + " at commit " + std::string(commit.substr(0, 12)), {});
}

absl::Status PathRefused(std::string_view path, std::string_view problem) {
  return Make(absl::StatusCode::kInvalidArgument, "GIT_PATH_REFUSED",
              "path " + Quoted(path) + " " + std::string(problem), {});
}

absl::Status FileTooLarge(std::string_view path, size_t bytes, size_t max_bytes) {
  return Make(absl::StatusCode::kResourceExhausted, "GIT_FILE_TOO_LARGE",
              "file " + Quoted(path) + " has " + std::to_string(bytes) + " bytes, at most " +
                  std::to_string(max_bytes) + " are read",
              {});
}

absl::Status FolderTooLarge(std::string_view path, size_t max_entries) {
  return Make(absl::StatusCode::kResourceExhausted, "GIT_FOLDER_TOO_LARGE",
              "folder " + Quoted(path) + " has more than " + std::to_string(max_entries) +
                  " files and folders",
              {});
}

absl::Status MirrorDamaged(std::string_view detail) {
  return Make(absl::StatusCode::kDataLoss, "GIT_MIRROR_DAMAGED",
              "the local mirror is damaged: " + Detail(detail), {});
}

}  // namespace slipway::git
