#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/yaml/document.h"

namespace slipway::yaml {

// What a text may be. The defaults are those of our own manifests: no tags, anchors, aliases or
// merge keys, and no duplicate keys.
struct Policy {
  size_t max_bytes = 1 << 20;
  size_t max_nodes = 100'000;
  int max_depth = 64;
  // Anchors, aliases and merge keys (<<). An alias counts as all the values that it stands for, so
  // a bomb ends at max_nodes.
  bool aliases = false;
  // The tags of YAML's own types: !!str makes a string of a plain text, the others say what it is
  // anyway.
  bool core_tags = false;
};

// The documents of a text (UTF-8), without empty ones. INVALID_ARGUMENT, reason YAML_INVALID: "line
// 3, column 5: ..."; line and column are also in the error's metadata, the bare problem as
// "problem".
absl::StatusOr<std::vector<Document>> Parse(std::string_view text, const Policy& policy = {});

}  // namespace slipway::yaml
