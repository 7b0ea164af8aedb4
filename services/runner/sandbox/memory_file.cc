#include "services/runner/sandbox/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "libs/base/file.h"

namespace slipway::runner {

absl::StatusOr<UniqueFd> MemoryFile(const std::string& name, std::string_view content) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!fd.valid()) return ErrnoStatus(errno, "memfd_create");
  for (std::string_view rest = content; !rest.empty();) {
    const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(errno, "memory file");
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return ErrnoStatus(errno, "memory file");
  return fd;
}

}  // namespace slipway::runner
