#include "deploy/local/githost/bare_repository.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>

#include "deploy/local/githost/repository_path.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

namespace fs = std::filesystem;

// git's names for files that it holds while it writes, and for objects of a push that is not
// accepted yet. No ref's name ends like a lock's (git check-ref-format).
constexpr std::string_view kGitLock = ".lock";
constexpr std::string_view kQuarantine = "tmp_objdir-";

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

absl::StatusOr<UniqueFd> Lock(const std::string& root, const std::string& repository, int mode,
                              int wait) {
  const std::string path = LocksFolder(root) + "/" + FileNameOf(repository);
  UniqueFd fd(::open(path.c_str(), mode | O_CREAT, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  while (::flock(fd.get(), LOCK_EX | wait) != 0) {
    if (errno == EWOULDBLOCK) return absl::UnavailableError("a push is under way");
    if (errno != EINTR) return ErrnoStatus(errno, path);
  }
  return fd;
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

std::string LocksFolder(const std::string& root) { return root + "/.locks"; }

absl::StatusOr<UniqueFd> LockForPush(const std::string& root, const std::string& repository) {
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(LocksFolder(root)));
  return Lock(root, repository, O_RDWR, 0);
}

absl::StatusOr<UniqueFd> LockForComparison(const std::string& root, const std::string& repository) {
  return Lock(root, repository, O_RDONLY, LOCK_NB);
}

absl::Status RemoveLeftovers(const std::string& directory) {
  std::vector<std::string> leftovers;
  std::error_code error;
  const auto collect = [&](const fs::path& path) {
    const std::string name = path.filename().string();
    if (name.ends_with(kGitLock) || name.starts_with(kQuarantine)) leftovers.push_back(path);
  };
  for (const auto& entry : fs::directory_iterator(directory, error)) collect(entry.path());
  for (const auto& entry : fs::directory_iterator(directory + "/objects", error))
    collect(entry.path());
  for (const auto& entry : fs::recursive_directory_iterator(directory + "/refs", error))
    collect(entry.path());
  for (const std::string& path : leftovers) SLIPWAY_RETURN_IF_ERROR(RemoveAll(path));
  return absl::OkStatus();
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
