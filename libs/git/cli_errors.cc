#include "libs/git/cli_errors.h"

#include <string>

#include "libs/base/strings.h"
#include "libs/git/errors.h"

namespace slipway::git {
namespace {

using Ending = process::ProcessResult::Ending;

bool HasAny(std::string_view text, std::initializer_list<std::string_view> needles) {
  for (const std::string_view needle : needles) {
    if (text.find(needle) != std::string_view::npos) return true;
  }
  return false;
}

// The lines of git's own failure, without progress and hints.
std::string CauseOf(const std::string& err) {
  std::string cause;
  for (const std::string& line : Split(err, '\n')) {
    for (const std::string_view prefix : {"fatal: ", "error: ", "remote: "}) {
      if (line.starts_with(prefix))
        cause += (cause.empty() ? "" : "; ") + std::string(Trim(line.substr(prefix.size())));
    }
  }
  return cause.empty() ? err : cause;
}

}  // namespace

absl::Status RemoteStatus(std::string_view url, const process::ProcessResult& result) {
  if (result.ok()) return absl::OkStatus();
  if (result.ending == Ending::kStopped) return Stopped(url);
  if (result.ending == Ending::kTimedOut) {
    return TimedOut(
        url,
        std::string(absl::FormatDuration(absl::Trunc(result.elapsed, absl::Milliseconds(100)))));
  }
  const std::string& err = result.err;
  const std::string cause = CauseOf(err);
  if (HasAny(err, {"Operation too slow", "Operation timed out", "Connection timed out"})) {
    return TimedOut(url, "30s without a byte");
  }
  if (HasAny(err, {"Authentication failed", "could not read Username", "could not read Password",
                   "returned error: 401"})) {
    return AuthenticationFailed(url);
  }
  if (HasAny(err, {"returned error: 403"})) return AccessForbidden(url);
  if (HasAny(err, {"couldn't find remote ref", "not our ref"}))
    return RemoteRefNotFound(url, cause);
  if (HasAny(err, {"' not found", "returned error: 404", "returned error: 410",
                   "does not appear to be a git repository"})) {
    return RepositoryNotFound(url);
  }
  if (HasAny(err, {"returned error: 301", "returned error: 302", "returned error: 303",
                   "returned error: 307", "returned error: 308"})) {
    return Redirected(url);
  }
  if (HasAny(err, {"SSL certificate", "certificate verif", "self-signed", "self signed"})) {
    return CertificateRefused(url, cause);
  }
  if (HasAny(err, {"Could not resolve host", "Failed to connect", "Couldn't connect",
                   "Connection refused", "Connection reset", "Empty reply from server",
                   "returned error: 5", "unexpected disconnect", "the remote end hung up",
                   "Network is unreachable", "No route to host", "Recv failure"})) {
    return HostUnreachable(url, cause);
  }
  if (HasAny(err, {"is this a git repository", "invalid server response",
                   "protocol error: bad line length"})) {
    return NotAGitServer(url);
  }
  return CommandFailed(url, cause.empty() ? result.Describe() : cause);
}

absl::Status PushStatus(std::string_view url, std::string_view ref,
                        const process::ProcessResult& result) {
  if (result.ok()) return absl::OkStatus();
  // Porcelain: "!<TAB>from:to<TAB>[rejected] (fetch first)" or "[remote rejected] (reason)".
  for (const std::string& line : Split(result.out, '\n')) {
    if (!line.starts_with("!\t")) continue;
    const std::string summary = line.substr(line.rfind('\t') + 1);
    if (summary.starts_with("[rejected]") ||
        HasAny(summary,
               {"cannot lock ref", "failed to update ref", "fetch first", "non-fast-forward",
                "incorrect old value", "reference already exists", "failed to lock"})) {
      return PushRejected(ref, summary);
    }
    if (summary.starts_with("[remote rejected]")) {
      return PushDeclined(ref, summary + (result.err.empty() ? "" : "; " + CauseOf(result.err)));
    }
  }
  return RemoteStatus(url, result);
}

}  // namespace slipway::git
