#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"

namespace slipway::db {

// A statement with the name under which each connection prepares it once and metrics count it.
// Names are unique in a process: `constexpr Sql kClaim{"runs.claim", "SELECT ... WHERE id = $1"};`
// beside the function that uses it.
struct Sql {
  const char* name;
  const char* text;
};

// Binary data for a bytea parameter. The bytes must live until the call returns.
struct Bytes {
  std::string_view data;
};

// One parameter of a statement, in PostgreSQL's text form; made implicitly from the values of a
// call.
class Param {
 public:
  Param(std::nullopt_t) {}
  Param(std::string value) : text_(std::move(value)) {}
  Param(std::string_view value) : text_(std::string(value)) {}
  Param(const char* value) : text_(std::string(value)) {}
  Param(bool value) : text_(value ? "true" : "false") {}
  template <typename T,
            std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Param(T value) : text_(std::to_string(value)) {}
  Param(double value);
  // timestamptz with microseconds; the infinite times are 'infinity' and '-infinity'.
  Param(absl::Time value);
  // interval, in microseconds.
  Param(absl::Duration value);
  Param(Bytes value);
  // Arrays: use with a cast where PostgreSQL can't infer it, $1::text[] and $1::bigint[].
  Param(const std::vector<std::string>& value);
  Param(const std::vector<int64_t>& value);
  template <typename T>
  Param(const std::optional<T>& value) {
    if (value) text_ = Param(*value).text_;
  }

  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;  // empty: NULL
};

// '{"a","b \"c\""}': a text array in PostgreSQL's form.
std::string TextArray(const std::vector<std::string>& values);

}  // namespace slipway::db
