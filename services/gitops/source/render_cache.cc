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
    if (const auto found = entries_.find(key); found != entries_.end()) {
      by_use_.splice(by_use_.begin(), by_use_, found->second.place);
      return *found->second.result;
    }
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
    if (IsFinal(*result)) Keep(key, result);
  }
  return *result;
}

void RenderCache::Keep(const std::string& key, const std::shared_ptr<const Result>& result) {
  const size_t bytes = BytesOf(*result);
  if (bytes > max_bytes_) return;
  by_use_.push_front(key);
  entries_[key] = {result, bytes, by_use_.begin()};
  bytes_ += bytes;
  while (bytes_ > max_bytes_) {
    const auto oldest = entries_.find(by_use_.back());
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
    by_use_.pop_back();
  }
}

}  // namespace slipway::gitops
