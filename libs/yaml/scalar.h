#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace slipway::yaml {

// How plain scalars are read.
enum class Scalars {
  kStrict,      // as ResolveScalar says below
  kKubernetes,  // as kubectl reads them, which is YAML 1.1 as Go's yaml.v2 knows it
};

// What a plain scalar stands for: null (also "" and "~"), true or false, an integer (decimal, 0x,
// 0o; without leading zeros), a finite decimal float; anything else is a string, also yes, no, on,
// off, 012, 1_000, 12:30 and dates.
boost::json::value ResolveScalar(std::string_view text);

// What kubectl makes of a plain scalar: y, yes, on are true, n, no, off false; 012, 0o12, 0b1010
// and 0xa are 10, 1_000 is 1000, 08 is 8 (no octal number, but a float); floats without a fraction
// are integers, since they pass through Go's JSON; .inf and .nan, which JSON can't hold, dates and
// 12:30 are strings.
boost::json::value ResolveKubernetesScalar(std::string_view text);
inline boost::json::value ResolveScalar(std::string_view text, Scalars scalars) {
  return scalars == Scalars::kKubernetes ? ResolveKubernetesScalar(text) : ResolveScalar(text);
}

// The plain key of a mapping as a key of JSON. kubectl reads keys like values: `on:` is "true",
// `0x10:` is "16".
std::string KeyText(std::string_view key, Scalars scalars);

// True if some YAML reader takes the plain text for something that is not a string: ours, or one of
// YAML 1.1.
bool LooksLikeNoString(std::string_view text);

}  // namespace slipway::yaml
