#include "libs/kube/client/ledger.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "libs/base/encoding.h"

namespace slipway::kube {
namespace {

constexpr size_t kUuidSize = 36;

bool IsDash(size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

// Lower case only, so that the text can be made again.
int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string FormatUuid(const std::array<char, 16>& key) {
  std::string text = HexEncode({key.data(), key.size()});
  for (const size_t at : {8, 13, 18, 23}) text.insert(at, 1, '-');
  return text;
}

}  // namespace

bool Ledger::ParseUuid(std::string_view uid, Key& key) {
  if (uid.size() != kUuidSize) return false;
  size_t digits = 0;
  for (size_t i = 0; i < kUuidSize; ++i) {
    if (IsDash(i)) {
      if (uid[i] != '-') return false;
      continue;
    }
    const int digit = Digit(uid[i]);
    if (digit < 0) return false;
    char& byte = key[digits / 2];
    byte = static_cast<char>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  return true;
}

Ledger::Key Ledger::KeyOf(std::string_view uid) {
  Key key{};
  if (ParseUuid(uid, key)) return key;
  const std::string digest = Sha256(uid);
  std::memcpy(key.data(), digest.data(), key.size());
  return key;
}

bool Ledger::See(const ObjectView& object) {
  const auto [entry, added] = entries_.try_emplace(KeyOf(object.uid));
  entry->second.round = round_;
  if (!added) return false;
  Key key;
  const std::string_view uid = ParseUuid(object.uid, key) ? std::string_view() : object.uid;
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
