#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::process {

// Collects text of any length in bounded memory: the first and the last half of `cap` bytes. Not
// thread-safe.
class BoundedText {
 public:
  explicit BoundedText(size_t cap) : head_cap_(cap - cap / 2), tail_cap_(cap / 2) {}

  void Append(std::string_view chunk);
  // Head and tail; where bytes are missing a line between them says how many.
  std::string Take() &&;

 private:
  const size_t head_cap_;
  const size_t tail_cap_;
  std::string head_;
  std::string tail_;  // up to twice its cap, trimmed when it gets there
  uint64_t total_ = 0;
};

}  // namespace slipway::process
