#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::gateway {

// A path of google.api.http
// (https://github.com/googleapis/googleapis/blob/master/google/api/http.proto):
// "/v1/{name=projects/*/apps/*}:run". A value.
struct PathTemplate {
  struct Segment {
    enum class Kind { kLiteral, kOne, kRest };  // text, *, **
    Kind kind = Kind::kLiteral;
    std::string text = {};
  };
  struct Variable {
    std::string field_path = {};  // "app.name"
    size_t first = 0;             // segments [first, first + count)
    size_t count = 0;             // counts templates' segments; a ** takes all that is left
  };

  std::vector<Segment> segments;
  std::vector<Variable> variables;
  std::string verb;  // without ':'; often empty

  // INVALID_ARGUMENT says what is wrong. "**" is allowed at the end only, as in the grammar.
  static absl::StatusOr<PathTemplate> Parse(std::string_view text);
};

}  // namespace slipway::gateway
