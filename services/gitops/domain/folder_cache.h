#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "services/gitops/domain/manifest.h"

namespace slipway::gitops {

// The files of folders by the ids of their trees: what was read last, up to so many bytes. An id
// stands for its content, so nothing in it ever gets old. Thread-safe.
class FolderCache {
 public:
  explicit FolderCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  std::optional<std::vector<Manifest>> Find(const std::string& tree);
  void Put(const std::string& tree, const std::vector<Manifest>& files);

 private:
  struct Entry {
    std::string tree = {};
    std::vector<Manifest> files = {};
    size_t bytes = 0;
  };

  const size_t max_bytes_;
  Mutex mu_;
  std::list<Entry> entries_ SLIPWAY_GUARDED_BY(mu_);  // the one that was read last first
  std::map<std::string, std::list<Entry>::iterator> by_tree_ SLIPWAY_GUARDED_BY(mu_);
  size_t bytes_ SLIPWAY_GUARDED_BY(mu_) = 0;
};

}  // namespace slipway::gitops
