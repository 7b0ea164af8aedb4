// CGI program of the private git host (RFC 3875): allows the paths of repositories only, creates a
// repository on its first authorised push, serialises pushes per repository, and hands over to `git
// http-backend`. lighttpd has authenticated the caller before.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "deploy/local/githost/bare_repository.h"
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

int Answer(const char* status, const std::string& text) {
  std::printf("Status: %s\r\nContent-Type: text/plain\r\nCache-Control: no-cache\r\n\r\n%s\n",
              status, text.c_str());
  return 0;
}

// The repository is there afterwards, or an answer says why not. The lock stays open over exec, on
// purpose.
absl::Status PreparePush(const std::string& root, const RequestPath& path, bool updates_refs) {
  SLIPWAY_RETURN_IF_ERROR(CreateBareRepository(root, path.repository));
  if (!updates_refs) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(UniqueFd lock, LockForPush(root, path.repository));
  SLIPWAY_RETURN_IF_ERROR(RemoveLeftovers(root + "/" + path.repository));
  lock.Release();
  return absl::OkStatus();
}

}  // namespace
}  // namespace slipway::githost

int main() {
  using namespace slipway::githost;  // NOLINT: the program's own namespace
  const std::string root = Environment("GIT_PROJECT_ROOT");
  const auto path = ParseRequestPath(Environment("PATH_INFO"));
  if (Environment("REMOTE_USER").empty()) return Answer("401 Unauthorized", "sign in");
  if (!path)
    return Answer("404 Not Found",
                  "no such repository; the paths are /<group>/<name>.git in [a-z0-9._-]");
  const bool updates_refs = path->rest == "git-receive-pack";
  const bool announces_push =
      path->rest == "info/refs" && Environment("QUERY_STRING") == "service=git-receive-pack";
  if (updates_refs || announces_push) {
    const absl::Status status = PreparePush(root, *path, updates_refs);
    if (!status.ok()) {
      std::fprintf(stderr, "git host: %s\n", slipway::MessageOf(status).c_str());
      return Answer("500 Internal Server Error", "the repository could not be prepared");
    }
  } else if (!slipway::PathExists(root + "/" + path->repository)) {
    return Answer("404 Not Found", "no such repository; the first push creates it");
  }
  ::execlp("git", "git", "http-backend", static_cast<char*>(nullptr));
  return Answer("500 Internal Server Error", "git is not installed");
}
