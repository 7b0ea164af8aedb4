#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"

namespace slipway {

// A status for errno: NOT_FOUND, PERMISSION_DENIED, ALREADY_EXISTS or INTERNAL with "<what>:
// <strerror>".
absl::Status ErrnoStatus(int error_number, std::string_view what);

// The whole file, at most `max_bytes` (RESOURCE_EXHAUSTED beyond).
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes = 64 << 20);

// Replaces `path` in one step: temporary file beside it, fsync, rename, fsync of the folder. A
// reader sees the old or the new content, also after a crash.
absl::Status WriteFileAtomic(const std::string& path, std::string_view content, int mode = 0600);

// Folder with its parents, mode 0700 for the new ones.
absl::Status MakeDirectories(const std::string& path);
// Removes a file or a folder with all its content, never following symbolic links; nothing there is
// OK.
absl::Status RemoveAll(const std::string& path);
bool PathExists(const std::string& path);

// Opens `relative` below the folder `root` (openat2, RESOLVE_BENEATH and no magic links): a path
// that is absolute, leaves the root by "..", or goes through a symbolic link that leaves it is
// INVALID_ARGUMENT. `flags` as in open(2), O_CLOEXEC is added.
absl::StatusOr<UniqueFd> OpenBeneath(const std::string& root, const std::string& relative,
                                     int flags);

// A folder of its own under $TMPDIR or /tmp, removed with its content at the end. Movable.
class TempDir {
 public:
  static absl::StatusOr<TempDir> Create(std::string_view prefix);
  TempDir(TempDir&& other) noexcept;
  TempDir& operator=(TempDir&& other) noexcept;
  ~TempDir();
  const std::string& path() const { return path_; }

 private:
  explicit TempDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace slipway
