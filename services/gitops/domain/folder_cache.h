#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/byte_lru.h"
#include "libs/base/mutex.h"
#include "services/gitops/domain/manifest.h"

namespace slipway::gitops {

// The files of folders by the ids of their trees: what was read last, up to so many bytes. An id
// stands for its content, so nothing in it ever gets old. Thread-safe.
class FolderCache {
 public:
  explicit FolderCache(size_t max_bytes) : max_bytes_(max_bytes), kept_(max_bytes) {}

  std::optional<std::vector<Manifest>> Find(const std::string& tree);
  void Put(const std::string& tree, const std::vector<Manifest>& files);

 private:
  const size_t max_bytes_;
  Mutex mu_;
  ByteLru<std::vector<Manifest>> kept_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
