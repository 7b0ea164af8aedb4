#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace slipway::cli {

// What the program says with its exit code.
enum class ExitCode {
  kDone = 0,
  kFailed = 1,      // what was asked for failed
  kUsage = 2,       // wrong usage or input
  kNotReached = 3,  // not reached, not signed in, not found or denied
};

ExitCode ExitCodeOf(const absl::Status& status);

// The lines for standard error: "slipway: ...", and each violation on a line of its own where there
// are several.
std::string ErrorText(const absl::Status& status);

// INVALID_ARGUMENT: `word` is no `what`, with the nearest of `known` or all of them.
absl::Status UnknownWord(std::string_view what, std::string_view word,
                         const std::vector<std::string>& known);
// INVALID_ARGUMENT: input that needs no further details.
absl::Status BadUsage(std::string_view problem);
// INVALID_ARGUMENT: a name that has not the form of its kind.
absl::Status BadName(std::string_view name, std::string_view form);
// INVALID_ARGUMENT: the project is left out and none is chosen.
absl::Status NoProject(std::string_view name);
// NOT_FOUND.
absl::Status NothingThere(std::string_view problem);
// NOT_FOUND: an app or workflow that is there, but never ran. `start` is the workflow as typed.
absl::Status NoRunYet(std::string_view of, std::string_view start);
bool IsNoRunYet(const absl::Status& status);
// UNAVAILABLE: no server is known.
absl::Status NoServer();
// UNAVAILABLE: the server at `url` did not answer.
absl::Status NotReached(std::string_view url, const absl::Status& cause);
// UNAUTHENTICATED: no token is known.
absl::Status NotSignedIn();
// FAILED_PRECONDITION: what was waited for ended badly.
absl::Status EndedBadly(std::string_view what);
// INTERNAL: an answer that is none of the contract's.
absl::Status StrangeAnswer(std::string_view url, int http_status, std::string_view body);

}  // namespace slipway::cli
