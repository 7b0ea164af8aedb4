#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slipway::plan {

// What is wrong with an image tag pattern, as a sentence with the remedy; "" when it is sound. A
// pattern is a tag of the OCI distribution specification ([A-Za-z0-9_][A-Za-z0-9._-]{0,127}) with
// exactly one {x} (or {X}), which stands for a number of up to 10 digits, and ends with neither '.'
// nor ','.
std::string TagPatternProblem(std::string_view pattern);

// Whether `text` has a {x} or {X}.
bool HasTagCounter(std::string_view text);

// The tag for `number`: the pattern with its {x} replaced. A text without {x} is given back as it
// is.
std::string TagFor(std::string_view pattern, int64_t number);

// Whether `tag` is a tag by the OCI distribution specification.
bool IsImageTag(std::string_view tag);

}  // namespace slipway::plan
