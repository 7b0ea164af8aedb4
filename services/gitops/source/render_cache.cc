#include "services/gitops/source/render_cache.h"

#include <utility>

namespace slipway::gitops {
namespace {

// What an entry takes beside its text.
constexpr size_t kOverhead = 512;

bool IsFinal(const RenderCache::Result& result) {
  return result.ok() || absl::IsInvalidArgument(result.status());
}

size_t BytesOf(const RenderCache::Result& result) {
  size_t bytes = kOverhead;
  if (!result.ok()) return bytes + result.status().message().size();
  for (const Manifest& manifest : result->manifests)
    bytes += manifest.file.size() + manifest.text.size();
  return bytes;
}

}  // namespace

RenderCache::Result RenderCache::GetOr(const std::string& key,
                                       const std::function<Result()>& make) {
  std::shared_ptr<Pending> pending;
  std::unique_lock<Mutex> working;
  {
    MutexLock lock(mu_);
    if (const auto* found = kept_.Find(key)) return **found;
    std::shared_ptr<Pending>& slot = pending_[key];
    if (slot == nullptr) {
      slot = std::make_shared<Pending>();
      working = std::unique_lock(slot->mu);  // nobody else has it yet
    }
    pending = slot;
  }
  if (!working.owns_lock()) {
    // Whoever made it holds the lock until it has the result.
    MutexLock lock(pending->mu);
    return *pending->result;
  }
  pending->result = std::make_shared<const Result>(make());
  const auto result = pending->result;
  {
    MutexLock lock(mu_);
    pending_.erase(key);
    if (IsFinal(*result)) kept_.Put(key, result, BytesOf(*result));
  }
  return *result;
}

}  // namespace slipway::gitops
