#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "libs/kube/client/watch_event.h"
#include "libs/kube/uuid.h"

namespace slipway::kube {

// What a Reflector remembers of the objects it has shown: uid and name, about 100 bytes each, so
// that a relist can tell which of them vanished in between. Not thread-safe.
class Ledger {
 public:
  // A round begins with each list; what is not seen in it is gone at its end.
  void BeginRound() { ++round_; }
  // True when the object was not known.
  bool See(const ObjectView& object);
  void Forget(std::string_view uid);
  // Takes out what was not seen in this round and shows each by its identity. The views hold during
  // the call.
  void Sweep(const std::function<void(const ObjectView& object)>& gone);

  size_t size() const { return entries_.size(); }

 private:
  using Key = Uuid;  // or a digest of a uid in another form
  struct Entry {
    std::unique_ptr<char[]> text;  // "uid\0ns\0name\0", the uid empty when the key holds it whole
    uint32_t round = 0;
  };
  static Key KeyOf(std::string_view uid);

  absl::flat_hash_map<Key, Entry> entries_;
  uint32_t round_ = 0;
};

}  // namespace slipway::kube
