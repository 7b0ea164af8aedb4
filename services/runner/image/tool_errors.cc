#include "services/runner/image/tool_errors.h"

#include <string>
#include <vector>

#include "libs/base/strings.h"

namespace slipway::runner {
namespace {

constexpr size_t kMaxCause = 400;

// The text of the last line that reports an error.
std::string LastError(std::string_view output) {
  std::string found;
  for (const std::string& line : Split(output, '\n')) {
    for (const std::string_view mark : {"Error: ", "error: "}) {
      if (std::string_view(line).substr(0, mark.size()) == mark) found = line.substr(mark.size());
    }
  }
  return Truncate(Trim(found), kMaxCause);
}

// Where no line reports an error, the last one has to do.
std::string Ended(std::string_view output, std::string_view ending) {
  std::string last;
  for (const std::string& line : Split(output, '\n')) {
    if (!Trim(line).empty()) last = Trim(line);
  }
  std::string cause = "buildah ended with " + std::string(ending);
  if (!last.empty()) cause += " after \"" + Truncate(last, kMaxCause) + "\"";
  return cause + "; the log has its output";
}

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What follows `mark` in `text` up to one of `ends`.
std::string After(std::string_view text, std::string_view mark, std::string_view ends) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view rest = text.substr(at + mark.size());
  return std::string(rest.substr(0, rest.find_first_of(ends)));
}

}  // namespace

std::string BuildFailureCause(std::string_view output, std::string_view ending) {
  const std::string error = LastError(output);
  if (error.empty()) return Ended(output, ending);
  if (Has(error, "initializing source docker://") || Has(error, "pinging container registry")) {
    std::string image = After(error, "initializing source docker://", " ");
    if (!image.empty() && image.back() == ':') image.pop_back();
    return "the base image" + (image.empty() ? "" : " \"" + image + "\"") + " can't be pulled (" +
           error + "): check its name in FROM, and that the runner reaches its registry";
  }
  return error;
}

std::string PushFailureCause(std::string_view output, std::string_view ending) {
  const std::string error = LastError(output);
  if (error.empty()) return Ended(output, ending);
  if (Has(error, "unauthorized") || Has(error, "authentication required")) {
    return "401 unauthorized (" + error + "): set the registry's username and password";
  }
  if (Has(error, "denied") || Has(error, "403")) {
    return "403 denied (" + error +
           "): give the registry's user the right to push to this repository";
  }
  if (Has(error, "connection refused") || Has(error, "no such host") || Has(error, "i/o timeout")) {
    return "it can't be reached (" + error + "): check the registry's url";
  }
  return error;
}

}  // namespace slipway::runner
