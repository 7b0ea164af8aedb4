// The post-receive hook of the private git host: records the push durably and ends. What may take
// time (payload, signature, HTTP) is slipway-push-sender's. Started by git with the repository as
// working directory.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "deploy/local/githost/bare_repository.h"
#include "deploy/local/githost/push_record.h"
#include "deploy/local/githost/repository_path.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"

namespace slipway::githost {
namespace {

std::string Environment(const char* name) {
  const char* value = ::getenv(name);
  return value == nullptr ? "" : value;
}

absl::StatusOr<std::string> ReadStandardInput() {
  std::string input;
  char chunk[4096];
  ssize_t n;
  while ((n = ::read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
    input.append(chunk, static_cast<size_t>(n));
  if (n < 0) return ErrnoStatus(errno, "standard input");
  return input;
}

// "demo/hello.git" from the working directory below the projects' root.
absl::StatusOr<std::string> RepositoryHere() {
  char here[4096];
  if (::getcwd(here, sizeof(here)) == nullptr) return ErrnoStatus(errno, "getcwd");
  const std::string prefix = Environment("GIT_PROJECT_ROOT") + "/";
  const std::string path = here;
  if (!path.starts_with(prefix) ||
      !IsRepositoryPath(std::string_view(path).substr(prefix.size()))) {
    return absl::FailedPreconditionError("not a repository of this git host");
  }
  return path.substr(prefix.size());
}

absl::Status Run(int64_t started_us) {
  PushRecord record;
  record.pushed_at_us = started_us;
  SLIPWAY_ASSIGN_OR_RETURN(record.repository, RepositoryHere());
  record.pusher = Environment("REMOTE_USER");
  SLIPWAY_ASSIGN_OR_RETURN(const std::string input, ReadStandardInput());
  SLIPWAY_ASSIGN_OR_RETURN(record.updates, ParseHookInput(input));
  if (record.updates.empty()) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(AdjustHead(".", record.updates));
  return WriteToSpool(Environment("SLIPWAY_GIT_SPOOL"), record).status();
}

}  // namespace
}  // namespace slipway::githost

int main() {
  const absl::Status status = slipway::githost::Run(absl::GetCurrentTimeNanos() / 1000);
  if (status.ok()) return 0;
  // git shows it to who pushed; the sender's next comparison of refs makes up for the missing
  // record.
  std::fprintf(stderr, "slipway: the push is stored, its webhook comes later: %s\n",
               slipway::MessageOf(status).c_str());
  return 1;
}
