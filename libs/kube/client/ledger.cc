#include "libs/kube/client/ledger.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "libs/base/encoding.h"

namespace slipway::kube {
Ledger::Key Ledger::KeyOf(std::string_view uid) {
  if (const auto uuid = ParseUuid(uid)) return *uuid;
  Key key{};
  const std::string digest = Sha256(uid);
  std::memcpy(key.data(), digest.data(), key.size());
  return key;
}

bool Ledger::See(const ObjectView& object) {
  const auto [entry, added] = entries_.try_emplace(KeyOf(object.uid));
  entry->second.round = round_;
  if (!added) return false;
  const std::string_view uid = ParseUuid(object.uid) ? std::string_view() : object.uid;
  const size_t size = uid.size() + object.ns.size() + object.name.size() + 3;
  entry->second.text = std::make_unique<char[]>(size);  // zeros between the parts
  char* at = entry->second.text.get();
  for (const std::string_view part : {uid, object.ns, object.name}) {
    at = std::copy(part.begin(), part.end(), at) + 1;
  }
  return true;
}

void Ledger::Forget(std::string_view uid) { entries_.erase(KeyOf(uid)); }

void Ledger::Sweep(const std::function<void(const ObjectView& object)>& gone) {
  std::vector<std::pair<Key, Entry>> lost;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto here = entry++;
    if (here->second.round == round_) continue;
    lost.emplace_back(here->first, std::move(here->second));
    entries_.erase(here);
  }
  for (const auto& [key, entry] : lost) {
    const std::string_view uid(entry.text.get());
    const std::string_view ns(uid.data() + uid.size() + 1);
    const std::string_view name(ns.data() + ns.size() + 1);
    const std::string uuid = uid.empty() ? FormatUuid(key) : std::string(uid);
    gone({.uid = uuid, .ns = ns, .name = name});
  }
}

}  // namespace slipway::kube
