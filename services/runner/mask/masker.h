#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::runner {

inline constexpr std::string_view kMask = "[MASKED]";

// The set of texts to hide, compiled once per job: an Aho-Corasick automaton over all forms of all
// secrets. Immutable after construction, shared by the streams of one job. Holds secrets in memory:
// drop it with the job.
class MaskedTexts {
 public:
  explicit MaskedTexts(const std::vector<std::string>& secrets);

  // The state behind `state` after `byte`; 0 is the start.
  uint32_t Next(uint32_t state, unsigned char byte) const;
  // How many of the last bytes may be the beginning of a text that has not ended yet.
  uint32_t Unfinished(uint32_t state) const { return nodes_[state].unfinished; }
  // The length of the longest text that ends here, else 0.
  uint32_t MatchLength(uint32_t state) const { return nodes_[state].match; }
  bool empty() const { return nodes_.size() == 1; }

 private:
  struct Node {
    uint32_t first_child = 0;
    uint32_t next_sibling = 0;
    uint32_t fail = 0;
    uint32_t depth = 0;
    uint32_t unfinished = 0;
    uint32_t match = 0;
    unsigned char byte = 0;
  };

  uint32_t Child(uint32_t node, unsigned char byte) const;
  void Insert(std::string_view text);
  void Link();

  std::vector<Node> nodes_;
  std::array<uint32_t, 256> from_root_{};
};

// Replaces secrets in a stream by kMask, whatever the borders of its chunks. Linear in the bytes
// pushed. Owned by one step's log; not thread-safe. `texts` must outlive it.
//
// Only bytes that may still become a secret are kept back, and they are kept for as long as that is
// so: a pause of the writer releases nothing, else a secret written byte by byte would come out in
// pieces.
class Masker {
 public:
  explicit Masker(const MaskedTexts& texts) : texts_(texts) {}

  // What may be shown after `chunk`.
  std::string Push(std::string_view chunk);

  // The rest at the end of the stream. An unfinished secret of kShortestMasked bytes or more is
  // masked too: the writer may have been killed in the middle of it.
  std::string Flush();

 private:
  struct Interval {
    uint64_t begin;
    uint64_t end;
  };

  void Cover(Interval found);
  void EmitBefore(uint64_t limit, std::string& out);

  const MaskedTexts& texts_;
  std::string held_;        // bytes from position held_from_ on
  uint64_t held_from_ = 0;  // position in the stream of held_[0]
  uint64_t position_ = 0;   // bytes pushed
  uint32_t state_ = 0;
  std::deque<Interval> intervals_;  // to be masked, disjoint, ascending
  bool mask_is_open_ = false;       // kMask was written for intervals_.front()
};

// `text` as a whole with all secrets masked.
std::string MaskAll(const MaskedTexts& texts, std::string_view text);

}  // namespace slipway::runner
