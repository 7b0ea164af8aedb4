#include "services/gitops/target/kubernetes/live_index.h"

#include <charconv>
#include <set>

namespace slipway::gitops::kubernetes {

bool LiveObject::SameAs(const LiveObject& other) const {
  return exists == other.exists && deleting == other.deleting && uid == other.uid &&
         kube::Compare(seen, other.seen) == kube::Drift::kNone &&
         seen.generation == other.seen.generation && health.state == other.health.state &&
         health.message == other.health.message;
}

LiveObject ToLive(const kube::Object& live, std::string_view manager,
                  const kube::HealthOptions& options) {
  LiveObject result{.exists = true,
                    .deleting = live.deleting(),
                    .uid = std::string(live.uid()),
                    .seen = kube::Observe(live.body(), manager),
                    .health = kube::AssessHealth(live, options)};
  if (result.deleting) {
    kube::Object before = live;
    before.body()["metadata"].get_object().erase("deletionTimestamp");
    result.last = kube::AssessHealth(before, options);
  } else {
    result.last = result.health;
  }
  const std::string_view version = live.resource_version();
  const auto read =
      std::from_chars(version.data(), version.data() + version.size(), result.resource_version);
  if (read.ec != std::errc()) result.resource_version = 0;
  return result;
}

void LiveIndex::Follow(const kube::ObjectId& id, const AppEnvironment& owner) {
  MutexLock lock(mu_);
  entries_[id].owner = owner;
}

void LiveIndex::Forget(const kube::ObjectId& id) {
  MutexLock lock(mu_);
  entries_.erase(id);
}

bool LiveIndex::Follows(const kube::ObjectId& id) const {
  MutexLock lock(mu_);
  return entries_.contains(id);
}

std::optional<LiveObject> LiveIndex::Find(const kube::ObjectId& id) const {
  MutexLock lock(mu_);
  const auto entry = entries_.find(id);
  return entry == entries_.end() ? std::nullopt : entry->second.live;
}

std::optional<AppEnvironment> LiveIndex::Put(const kube::ObjectId& id, LiveObject live) {
  MutexLock lock(mu_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return std::nullopt;
  std::optional<LiveObject>& known = found->second.live;
  // A watch is often ahead of the answer to the request that caused its event.
  const bool older = known && known->resource_version > live.resource_version &&
                     live.resource_version != 0 && live.exists;
  if (older) return std::nullopt;
  // What was known of the values goes on until something of ours shows another age.
  const bool metadata_only = live.exists && live.seen.values == 0;
  if (known && metadata_only && known->seen.uid == live.seen.uid &&
      known->seen.fields == live.seen.fields && known->seen.time == live.seen.time) {
    live.seen.values = known->seen.values;
  }
  const bool same = known && known->SameAs(live);
  known = std::move(live);
  return same ? std::nullopt : std::optional(found->second.owner);
}

std::vector<AppEnvironment> LiveIndex::OwnersOf(std::string_view group,
                                                std::string_view kind) const {
  std::set<AppEnvironment> owners;
  MutexLock lock(mu_);
  for (const auto& [id, entry] : entries_) {
    if (id.group == group && id.kind == kind) owners.insert(entry.owner);
  }
  return {owners.begin(), owners.end()};
}

size_t LiveIndex::size() const {
  MutexLock lock(mu_);
  return entries_.size();
}

}  // namespace slipway::gitops::kubernetes
