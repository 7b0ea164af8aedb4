#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace slipway {

// Values by key, up to so many bytes: what was not asked for the longest goes. Not thread-safe.
template <typename Value>
class ByteLru {
 public:
  explicit ByteLru(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Null: it is not here. Valid until the next Put.
  const Value* Find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &found->second->value;
  }

  // `bytes` is what it takes. A key that is here stays as it is, and what alone is too much for all
  // of the room is not kept.
  void Put(const std::string& key, Value value, size_t bytes) {
    if (bytes > max_bytes_ || by_key_.contains(key)) return;
    entries_.push_front({key, std::move(value), bytes});
    by_key_[key] = entries_.begin();
    bytes_ += bytes;
    while (bytes_ > max_bytes_) {
      bytes_ -= entries_.back().bytes;
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
  }

 private:
  struct Entry {
    std::string key = {};
    Value value = {};
    size_t bytes = 0;
  };

  const size_t max_bytes_;
  size_t bytes_ = 0;
  std::list<Entry> entries_;  // the one that was asked for last first
  std::map<std::string, typename std::list<Entry>::iterator> by_key_;
};

}  // namespace slipway
