#include "libs/process/bounded_text.h"

#include <algorithm>

namespace slipway::process {

void BoundedText::Append(std::string_view chunk) {
  total_ += chunk.size();
  const size_t to_head = std::min(chunk.size(), head_cap_ - head_.size());
  head_.append(chunk.substr(0, to_head));
  chunk.remove_prefix(to_head);
  if (chunk.size() > tail_cap_) {
    tail_.clear();
    chunk.remove_prefix(chunk.size() - tail_cap_);
  }
  tail_.append(chunk);
  if (tail_.size() > 2 * tail_cap_) tail_.erase(0, tail_.size() - tail_cap_);
}

std::string BoundedText::Take() && {
  if (tail_.size() > tail_cap_) tail_.erase(0, tail_.size() - tail_cap_);
  const uint64_t missing = total_ - head_.size() - tail_.size();
  if (missing > 0) head_ += "\n... " + std::to_string(missing) + " bytes left out ...\n";
  return std::move(head_) + tail_;
}

}  // namespace slipway::process
