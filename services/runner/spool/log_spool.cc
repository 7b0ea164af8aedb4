#include "services/runner/spool/log_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "libs/base/file.h"
#include "libs/base/status.h"

namespace slipway::runner {

absl::StatusOr<std::unique_ptr<LogSpool>> LogSpool::Open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd.valid()) return ErrnoStatus(errno, path);
  return std::unique_ptr<LogSpool>(new LogSpool(std::move(fd)));
}

absl::StatusOr<int64_t> LogSpool::Size() const {
  struct stat info;
  if (::fstat(fd_.get(), &info) != 0) return ErrnoStatus(errno, "log spool");
  return static_cast<int64_t>(info.st_size);
}

absl::Status LogSpool::Append(std::string_view bytes) {
  SLIPWAY_ASSIGN_OR_RETURN(const int64_t before, Size());
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const absl::Status failed = ErrnoStatus(errno, "log spool");
      // A part of it would shift all that comes after.
      if (::ftruncate(fd_.get(), before) != 0) return ErrnoStatus(errno, "log spool");
      return failed;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> LogSpool::Read(int64_t offset, size_t max_bytes) const {
  std::string out(max_bytes, '\0');
  size_t size = 0;
  while (size < max_bytes) {
    const ssize_t n = ::pread(fd_.get(), out.data() + size, max_bytes - size,
                              offset + static_cast<int64_t>(size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "log spool");
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  out.resize(size);
  return out;
}

}  // namespace slipway::runner
