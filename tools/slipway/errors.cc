#include "tools/slipway/errors.h"

#include <cctype>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "tools/slipway/names/name.h"
#include "tools/slipway/output/format.h"

namespace slipway::cli {

using absl::StatusCode;

namespace {

// Resource names as people type them: "run projects/p/apps/a/workflows/w/runs/7 was ..." is "run
// p/a/w#7 was ...".
std::string WithShortNames(const std::string& text) {
  constexpr std::string_view kStart = "projects/";
  std::string shortened;
  size_t from = 0;
  for (size_t at = text.find(kStart); at != std::string::npos; at = text.find(kStart, from)) {
    size_t end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) ||
                                 text[end] == '-' || text[end] == '_' || text[end] == '/')) {
      ++end;
    }
    const bool within = at > 0 && text[at - 1] == '/';  // of a URL or a path
    const std::string name = text.substr(at, end - at);
    shortened += text.substr(from, at - from) + (within ? name : ShortName(name));
    from = end;
  }
  return shortened + text.substr(from);
}

}  // namespace

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case StatusCode::kOk:
      return ExitCode::kDone;
    case StatusCode::kInvalidArgument:
    case StatusCode::kOutOfRange:
      return ExitCode::kUsage;
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied:
    case StatusCode::kNotFound:
      return ExitCode::kNotReached;
    default:
      return ExitCode::kFailed;
  }
}

std::string ErrorText(const absl::Status& status) {
  const ErrorDetails details = DetailsOf(status);
  const std::string message = WithStateWords(WithShortNames(MessageOf(status)));
  // Mistakes in a file are complete sentences of their own: FILE:LINE: path: problem.
  if (details.reason == "MANIFEST_INVALID") return message + "\n";
  if (details.field_violations.size() < 2) return "slipway: " + message + "\n";
  std::string text;
  for (const auto& violation : details.field_violations) {
    text += "slipway: " + (violation.field.empty() ? "" : violation.field + ": ") +
            violation.description + "\n";
  }
  return text;
}

absl::Status UnknownWord(std::string_view what, std::string_view word,
                         const std::vector<std::string>& known) {
  std::string problem = "unknown " + std::string(what) + " \"" + Truncate(word, 60) + "\"; ";
  const std::string meant = DidYouMean(word, known);
  problem += meant.empty() ? "there are " + Join(known, ", ") : "did you mean \"" + meant + "\"?";
  return absl::InvalidArgumentError(problem);
}

absl::Status BadUsage(std::string_view problem) {
  return absl::InvalidArgumentError(ToAbsl(problem));
}

absl::Status BadName(std::string_view name, std::string_view form) {
  return absl::InvalidArgumentError("\"" + Truncate(name, 100) +
                                    "\" is no name of this kind; write " + std::string(form));
}

absl::Status NoProject(std::string_view name) {
  return absl::InvalidArgumentError("no project is chosen; write PROJECT/" + std::string(name) +
                                    ", set SLIPWAY_PROJECT, or choose one: slipway use PROJECT");
}

absl::Status NothingThere(std::string_view problem) { return absl::NotFoundError(ToAbsl(problem)); }

absl::Status NoRunYet(std::string_view of, std::string_view start) {
  ErrorDetails details;
  details.reason = "NO_RUN_YET";
  return MakeError(
      StatusCode::kNotFound,
      std::string(of) + " has no run yet; start one: slipway run " + std::string(start),
      std::move(details));
}

bool IsNoRunYet(const absl::Status& status) { return DetailsOf(status).reason == "NO_RUN_YET"; }

absl::Status NoServer() {
  return absl::UnavailableError(
      "no server is known; sign in with: slipway login URL (or set SLIPWAY_URL and SLIPWAY_TOKEN)");
}

absl::Status NotReached(std::string_view url, const absl::Status& cause) {
  // "GET URL: why" is said by the beginning of the sentence.
  std::string why = MessageOf(cause);
  if (const size_t at = why.find(": "); why.find(url) < at && at != std::string::npos)
    why = why.substr(at + 2);
  return absl::UnavailableError("can't reach " + std::string(url) + " (" + why +
                                "); is the suite up, and is the URL right?");
}

absl::Status NotSignedIn() {
  return absl::UnauthenticatedError("not signed in; sign in with: slipway login URL");
}

absl::Status EndedBadly(std::string_view what) {
  return absl::FailedPreconditionError(ToAbsl(what));
}

absl::Status StrangeAnswer(std::string_view url, int http_status, std::string_view body) {
  return absl::InternalError(std::string(url) + " answered HTTP " + std::to_string(http_status) +
                             " in no form that is known here (" + Truncate(Trim(body), 120) +
                             "); is it the URL of a Slipway gateway?");
}

}  // namespace slipway::cli
