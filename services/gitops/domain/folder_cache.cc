#include "services/gitops/domain/folder_cache.h"

namespace slipway::gitops {

std::optional<std::vector<Manifest>> FolderCache::Find(const std::string& tree) {
  MutexLock lock(mu_);
  const auto found = by_tree_.find(tree);
  if (found == by_tree_.end()) return std::nullopt;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->files;
}

void FolderCache::Put(const std::string& tree, const std::vector<Manifest>& files) {
  size_t bytes = sizeof(Entry) + tree.size();
  for (const Manifest& file : files)
    bytes += sizeof(Manifest) + file.file.size() + file.text.size();
  if (bytes > max_bytes_ / 4) return;
  MutexLock lock(mu_);
  if (by_tree_.contains(tree)) return;
  entries_.push_front({tree, files, bytes});
  by_tree_[tree] = entries_.begin();
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    bytes_ -= entries_.back().bytes;
    by_tree_.erase(entries_.back().tree);
    entries_.pop_back();
  }
}

}  // namespace slipway::gitops
