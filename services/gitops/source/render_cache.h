#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/byte_lru.h"
#include "libs/base/mutex.h"
#include "services/gitops/source/source_request.h"

namespace slipway::gitops {

// Results of renders by key, also those that failed for good, so that a mistake costs one render
// and not one a look. The least recently used ones go when the text takes more than `max_bytes`.
// Owned by SourceRenderer; thread-safe.
class RenderCache {
 public:
  using Result = absl::StatusOr<RenderedSource>;
  explicit RenderCache(size_t max_bytes) : kept_(max_bytes) {}

  // What is known of `key`; else what `make` gives, which runs once for all that ask meanwhile.
  // Errors that may pass by themselves are given to all who waited and then forgotten.
  Result GetOr(const std::string& key, const std::function<Result()>& make);

 private:
  struct Pending {
    Mutex mu;
    std::shared_ptr<const Result> result SLIPWAY_GUARDED_BY(mu);
  };

  Mutex mu_;
  ByteLru<std::shared_ptr<const Result>> kept_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, std::shared_ptr<Pending>> pending_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::gitops
