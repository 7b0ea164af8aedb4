#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// What boost::json does not have: parsing into a status, reading by path, and one canonical text.
// All functions are pure and thread-safe.
namespace slipway::json {

struct Limits {
  size_t max_bytes = 8 << 20;
  size_t max_depth = 32;
};

// The one value in `text` (RFC 8259, no extensions). INVALID_ARGUMENT with line and column of a
// mistake.
absl::StatusOr<boost::json::value> Parse(std::string_view text, const Limits& limits = {});

// The value at a path of keys and indices: "commits[0].author.name"; null where anything on the way
// is missing or of another type. Keys that contain '.' or '[' can't be reached this way. An empty
// path is `value` itself.
const boost::json::value* Find(const boost::json::value& value, std::string_view path);

// The value at `path` if it is there and has that type; else empty. A number with a fraction is no
// integer.
std::optional<std::string> GetString(const boost::json::value& value, std::string_view path);
std::optional<int64_t> GetInt(const boost::json::value& value, std::string_view path);
std::optional<bool> GetBool(const boost::json::value& value, std::string_view path);
// Null when it is not there or has another type.
const boost::json::array* GetArray(const boost::json::value& value, std::string_view path);
const boost::json::object* GetObject(const boost::json::value& value, std::string_view path);

// One text for equal values, for digests: keys sorted by bytes, no spaces.
std::string Canonical(const boost::json::value& value);

}  // namespace slipway::json
