#include "libs/base/disk_use.h"

#include <fts.h>
#include <sys/stat.h>

namespace slipway {

int64_t DiskUse(const std::string& path, const std::stop_token& stop) {
  constexpr int64_t kBlock = 512;  // the unit of st_blocks, whatever the file system's own is
  char* const roots[] = {const_cast<char*>(path.c_str()), nullptr};
  FTS* const walk = ::fts_open(roots, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, nullptr);
  if (walk == nullptr) return 0;
  int64_t bytes = 0;
  // The first is read in any case: a walk that was never begun is not freed by glibc's fts_close.
  for (const FTSENT* entry = ::fts_read(walk); entry != nullptr; entry = ::fts_read(walk)) {
    if (stop.stop_requested()) break;
    // A folder comes twice; after its content is once enough.
    const bool counted = entry->fts_info != FTS_D && entry->fts_info != FTS_DNR &&
                         entry->fts_info != FTS_ERR && entry->fts_info != FTS_NS &&
                         entry->fts_info != FTS_DC;
    if (counted) bytes += static_cast<int64_t>(entry->fts_statp->st_blocks) * kBlock;
  }
  ::fts_close(walk);
  return bytes;
}

}  // namespace slipway
