#include "services/runner/mask/masker.h"

#include <algorithm>

#include "services/runner/mask/secret_forms.h"

namespace slipway::runner {

MaskedTexts::MaskedTexts(const std::vector<std::string>& secrets) : nodes_(1) {
  for (const std::string& secret : secrets) {
    for (const std::string& form : SecretForms(secret)) Insert(form);
  }
  Link();
}

uint32_t MaskedTexts::Child(uint32_t node, unsigned char byte) const {
  for (uint32_t child = nodes_[node].first_child; child != 0; child = nodes_[child].next_sibling) {
    if (nodes_[child].byte == byte) return child;
  }
  return 0;
}

void MaskedTexts::Insert(std::string_view text) {
  uint32_t node = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    uint32_t child = node == 0 ? from_root_[byte] : Child(node, byte);
    if (child == 0) {
      child = static_cast<uint32_t>(nodes_.size());
      Node added;
      added.byte = byte;
      added.depth = nodes_[node].depth + 1;
      added.next_sibling = nodes_[node].first_child;
      nodes_.push_back(added);
      nodes_[node].first_child = child;
      if (node == 0) from_root_[byte] = child;
    }
    node = child;
  }
  nodes_[node].match = nodes_[node].depth;
}

void MaskedTexts::Link() {
  std::deque<uint32_t> queue;
  for (uint32_t child = nodes_[0].first_child; child != 0; child = nodes_[child].next_sibling)
    queue.push_back(child);
  while (!queue.empty()) {
    const uint32_t node = queue.front();
    queue.pop_front();
    nodes_[node].unfinished =
        nodes_[node].first_child != 0 ? nodes_[node].depth : nodes_[nodes_[node].fail].unfinished;
    for (uint32_t child = nodes_[node].first_child; child != 0;
         child = nodes_[child].next_sibling) {
      const uint32_t fail = Next(nodes_[node].fail, nodes_[child].byte);
      nodes_[child].fail = fail;
      nodes_[child].match = std::max(nodes_[child].match, nodes_[fail].match);
      queue.push_back(child);
    }
  }
}

uint32_t MaskedTexts::Next(uint32_t state, unsigned char byte) const {
  while (state != 0) {
    if (const uint32_t child = Child(state, byte); child != 0) return child;
    state = nodes_[state].fail;
  }
  return from_root_[byte];
}

std::string Masker::Push(std::string_view chunk) {
  if (texts_.empty()) return std::string(chunk);
  std::string out;
  out.reserve(chunk.size());
  held_ += chunk;
  for (const char c : chunk) {
    state_ = texts_.Next(state_, static_cast<unsigned char>(c));
    ++position_;
    if (const uint32_t length = texts_.MatchLength(state_); length != 0)
      Cover({position_ - length, position_});
  }
  EmitBefore(position_ - texts_.Unfinished(state_), out);
  return out;
}

std::string Masker::Flush() {
  const uint32_t unfinished = texts_.Unfinished(state_);
  if (unfinished >= kShortestMasked) Cover({position_ - unfinished, position_});
  std::string out;
  EmitBefore(position_, out);
  state_ = 0;
  mask_is_open_ = false;
  intervals_.clear();
  return out;
}

void Masker::Cover(Interval found) {
  while (!intervals_.empty() && intervals_.back().end > found.begin) {
    found.begin = std::min(found.begin, intervals_.back().begin);
    intervals_.pop_back();
  }
  intervals_.push_back(found);
}

void Masker::EmitBefore(uint64_t limit, std::string& out) {
  uint64_t at = held_from_;
  while (at < limit) {
    if (intervals_.empty() || intervals_.front().begin >= limit) {
      out.append(held_, at - held_from_, limit - at);
      at = limit;
      break;
    }
    const Interval& next = intervals_.front();
    if (next.begin > at) {
      out.append(held_, at - held_from_, next.begin - at);
      at = next.begin;
    }
    if (!mask_is_open_) out += kMask;
    mask_is_open_ = true;
    at = std::min(next.end, limit);
    if (at == next.end) {
      intervals_.pop_front();
      mask_is_open_ = false;
    }
  }
  held_.erase(0, at - held_from_);
  held_from_ = at;
}

std::string MaskAll(const MaskedTexts& texts, std::string_view text) {
  Masker masker(texts);
  std::string out = masker.Push(text);
  out += masker.Flush();
  return out;
}

}  // namespace slipway::runner
