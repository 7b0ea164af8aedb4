#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::runner {

// The shortest value, and the shortest line of a value of several lines, that is masked: shorter
// ones would blacken ordinary output.
inline constexpr size_t kShortestMasked = 4;

// All texts in which `secret` shows itself in a log: as it is, trimmed, each line, and of each of
// these base64 in the three alignments (both alphabets, also wrapped), percent-encoded and
// JSON-escaped in the usual variants. Without duplicates; pieces shorter than kShortestMasked are
// left out.
std::vector<std::string> SecretForms(std::string_view secret);

}  // namespace slipway::runner
