#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::rpc {

// What a right is asked for: parts that a resource name does not have are empty.
struct Scope {
  std::string project = {};
  std::string app = {};
  std::string environment = {};
  friend bool operator==(const Scope&, const Scope&) = default;
};

// A resource name as in AIP-122: collections and ids in turn ("projects/demo/apps/hello"). A value,
// immutable.
class ResourceName {
 public:
  // INVALID_ARGUMENT unless collections are words in lowerCamelCase and ids are not empty, at most
  // 128 bytes of [A-Za-z0-9._:@-], and neither "." nor "..". A trailing collection
  // ("projects/demo/apps") is refused.
  static absl::StatusOr<ResourceName> Parse(std::string_view name);

  // Parse, and INVALID_ARGUMENT naming `field` unless the collections are those of `pattern`
  // ("projects/*/apps/*").
  static absl::StatusOr<ResourceName> Parse(std::string_view name, std::string_view pattern,
                                            std::string_view field = "name");

  // Id in a collection: Get("apps") is "hello"; "" where the name has no such collection.
  std::string Get(std::string_view collection) const;
  // Last id and last collection.
  const std::string& id() const { return parts_.back().second; }
  const std::string& collection() const { return parts_.back().first; }
  // The name without its last collection and id; "" at the top.
  std::string Parent() const;
  std::string ToString() const;
  // Project, app and environment in the name. "-" (any) counts as empty.
  Scope ScopeOf() const;

 private:
  std::vector<std::pair<std::string, std::string>> parts_;
};

// Scope of a name that may be malformed: a malformed one has the empty scope, which only
// installation-wide grants cover.
Scope ScopeOfName(std::string_view name);

}  // namespace slipway::rpc
