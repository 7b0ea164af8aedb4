#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"

namespace slipway {

// Debian's absl::string_view is a type of its own; this is the one bridge to it.
inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }

// Pieces of `text` between separators; empty pieces are kept. "" gives one empty piece.
std::vector<std::string> Split(std::string_view text, char separator);
std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view Trim(std::string_view text);
std::string ToLower(std::string_view text);

// At most `max_bytes` of `text`, cut at a UTF-8 character, with "..." where something was cut.
std::string Truncate(std::string_view text, size_t max_bytes);

// The candidate nearest to `word` by edit distance, if it is near enough to be a slip of the pen;
// else "".
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

// `text` as valid UTF-8: each byte that is not part of a valid sequence becomes U+FFFD.
std::string ToValidUtf8(std::string_view text);

}  // namespace slipway
