#include "services/gitops/domain/folder_cache.h"

namespace slipway::gitops {
namespace {

// What an entry takes beside its text.
constexpr size_t kOverhead = 128;

}  // namespace

std::optional<std::vector<Manifest>> FolderCache::Find(const std::string& tree) {
  MutexLock lock(mu_);
  const std::vector<Manifest>* found = kept_.Find(tree);
  return found != nullptr ? std::make_optional(*found) : std::nullopt;
}

void FolderCache::Put(const std::string& tree, const std::vector<Manifest>& files) {
  size_t bytes = kOverhead + tree.size();
  for (const Manifest& file : files)
    bytes += sizeof(Manifest) + file.file.size() + file.text.size();
  // One large folder must not drive all others out.
  if (bytes > max_bytes_ / 4) return;
  MutexLock lock(mu_);
  kept_.Put(tree, files, bytes);
}

}  // namespace slipway::gitops
