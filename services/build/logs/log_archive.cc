#include "services/build/logs/log_archive.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/unique_fd.h"

namespace slipway::build {
namespace {

absl::Status SyncPath(const std::string& path, int flags) {
  const UniqueFd fd(open(path.c_str(), flags | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "archiving a log");
  if (fsync(fd.get()) != 0) return ErrnoStatus(errno, "archiving a log");
  return absl::OkStatus();
}

}  // namespace

absl::Status LogArchive::Keep(LogKey key, const std::string& path) {
  if (!PathExists(path)) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(FolderOf(key)));
  SLIPWAY_RETURN_IF_ERROR(SyncPath(path, O_RDONLY));
  if (rename(path.c_str(), PathOf(key).c_str()) != 0) return ErrnoStatus(errno, "archiving a log");
  return SyncPath(FolderOf(key), O_RDONLY | O_DIRECTORY);
}

absl::StatusOr<std::string> LogArchive::Read(LogKey key, int64_t offset, size_t max) const {
  const UniqueFd fd(open(PathOf(key).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "reading a log");
  std::string data(max, '\0');
  while (true) {
    const ssize_t n = pread(fd.get(), data.data(), data.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "reading a log");
    data.resize(static_cast<size_t>(n));
    return data;
  }
}

std::string LogArchive::FolderOf(LogKey key) const { return directory_ + "/" + std::to_string(key.job_id / 1000); }

std::string LogArchive::PathOf(LogKey key) const {
  return FolderOf(key) + "/" + std::to_string(key.job_id) + "-" + std::to_string(key.attempt) + ".log";
}

}  // namespace slipway::build
