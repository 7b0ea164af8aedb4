#include "deploy/local/githost/bare_repository.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

constexpr std::string_view kHeadPrefix = "ref: ";
constexpr std::string_view kBranchPrefix = "refs/heads/";

// What `git init --bare` leaves, without the samples.
constexpr std::string_view kConfig =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";

absl::StatusOr<bool> RefExists(const std::string& directory, const std::string& ref) {
  if (PathExists(directory + "/" + ref)) return true;
  if (!PathExists(directory + "/packed-refs")) return false;
  SLIPWAY_ASSIGN_OR_RETURN(const std::string packed, ReadFile(directory + "/packed-refs"));
  return packed.find(" " + ref + "\n") != std::string::npos;
}

}  // namespace

absl::Status CreateBareRepository(const std::string& root, const std::string& repository) {
  const std::string directory = root + "/" + repository;
  if (PathExists(directory + "/HEAD")) return absl::OkStatus();
  const std::string building = root + "/.new-" + RandomHex(8);
  for (const char* folder :
       {"/objects/info", "/objects/pack", "/refs/heads", "/refs/tags", "/hooks"}) {
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(building + folder));
  }
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(building + "/config", kConfig, 0644));
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(building + "/HEAD", "ref: refs/heads/main\n", 0644));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(directory.substr(0, directory.rfind('/'))));
  if (::rename(building.c_str(), directory.c_str()) == 0) return absl::OkStatus();
  const int error = errno;
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(building));
  // Somebody else's first push was quicker.
  if (error == ENOTEMPTY || error == EEXIST) return absl::OkStatus();
  return ErrnoStatus(error, "create repository " + repository);
}

absl::StatusOr<UniqueFd> LockRepository(const std::string& directory, bool wait) {
  const std::string path = directory + "/slipway.lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  while (::flock(fd.get(), LOCK_EX | (wait ? 0 : LOCK_NB)) != 0) {
    if (errno == EWOULDBLOCK) return absl::UnavailableError("a push is under way");
    if (errno != EINTR) return ErrnoStatus(errno, path);
  }
  return fd;
}

absl::Status AdjustHead(const std::string& directory, const std::vector<RefUpdate>& updates) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string head, ReadFile(directory + "/HEAD"));
  if (!head.starts_with(kHeadPrefix)) return absl::OkStatus();
  const std::string target(Trim(std::string_view(head).substr(kHeadPrefix.size())));
  SLIPWAY_ASSIGN_OR_RETURN(const bool exists, RefExists(directory, target));
  if (exists) return absl::OkStatus();
  for (const RefUpdate& update : updates) {
    if (update.ref.starts_with(kBranchPrefix) && update.after != kNoObject) {
      return WriteFileAtomic(directory + "/HEAD", std::string(kHeadPrefix) + update.ref + "\n",
                             0644);
    }
  }
  return absl::OkStatus();
}

}  // namespace slipway::githost
