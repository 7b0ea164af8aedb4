#include "services/gitops/target/kubernetes/live_index.h"

#include <set>

namespace slipway::gitops::kubernetes {
namespace {

std::string TypeOf(std::string_view group, std::string_view kind) {
  return std::string(kind) + "." + std::string(group);
}

}  // namespace

uint32_t LiveIndex::Texts::Number(const std::string& text) {
  const auto [known, is_new] = numbers_.try_emplace(text, static_cast<uint32_t>(texts_.size()));
  if (is_new) texts_.push_back(&known->first);
  return known->second;
}

std::optional<uint32_t> LiveIndex::Texts::Find(const std::string& text) const {
  const auto known = numbers_.find(text);
  return known == numbers_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<LiveIndex::Key> LiveIndex::KeyOf(const kube::ObjectId& id) const {
  const auto type = texts_.Find(TypeOf(id.group, id.kind)), ns = texts_.Find(id.ns);
  return type && ns ? std::optional(Key{*type, *ns, id.name}) : std::nullopt;
}

AppEnvironment LiveIndex::OwnerOf(const Entry& entry) const {
  return {texts_.Text(entry.owner.project), entry.owner.app, texts_.Text(entry.owner.environment)};
}

void LiveIndex::Follow(const kube::ObjectId& id, const AppEnvironment& owner) {
  MutexLock lock(mu_);
  const Key key{texts_.Number(TypeOf(id.group, id.kind)), texts_.Number(id.ns), id.name};
  entries_[key].owner = {texts_.Number(owner.project), texts_.Number(owner.environment), owner.app};
}

void LiveIndex::Forget(const kube::ObjectId& id) {
  MutexLock lock(mu_);
  if (const auto key = KeyOf(id)) entries_.erase(*key);
}

bool LiveIndex::Follows(const kube::ObjectId& id) const {
  MutexLock lock(mu_);
  const auto key = KeyOf(id);
  return key && entries_.contains(*key);
}

std::optional<LiveObject> LiveIndex::Find(const kube::ObjectId& id) const {
  MutexLock lock(mu_);
  const auto key = KeyOf(id);
  const auto entry = key ? entries_.find(*key) : entries_.end();
  if (entry == entries_.end() || !entry->second.live) return std::nullopt;
  return entry->second.live->Unpack();
}

std::optional<AppEnvironment> LiveIndex::Put(const kube::ObjectId& id, LiveObject live) {
  MutexLock lock(mu_);
  const auto key = KeyOf(id);
  const auto found = key ? entries_.find(*key) : entries_.end();
  if (found == entries_.end()) return std::nullopt;
  Entry& entry = found->second;
  std::optional<LiveObject> known;
  if (entry.live) known = entry.live->Unpack();
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
  entry.live.emplace(live);
  return known && known->SameAs(live) ? std::nullopt : std::optional(OwnerOf(entry));
}

std::vector<AppEnvironment> LiveIndex::OwnersOf(std::string_view group,
                                                std::string_view kind) const {
  std::set<AppEnvironment> owners;
  MutexLock lock(mu_);
  const auto type = texts_.Find(TypeOf(group, kind));
  if (!type) return {};
  for (auto entry = entries_.lower_bound({*type, 0, ""});
       entry != entries_.end() && entry->first.type == *type; ++entry) {
    owners.insert(OwnerOf(entry->second));
  }
  return {owners.begin(), owners.end()};
}

size_t LiveIndex::size() const {
  MutexLock lock(mu_);
  return entries_.size();
}

}  // namespace slipway::gitops::kubernetes
