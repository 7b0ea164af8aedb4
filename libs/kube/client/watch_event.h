#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::kube {

// The metadata of an object in JSON text that a Reflector and its handlers look at first, found
// without parsing the rest. Views point into the text. A value.
struct ObjectView {
  std::string_view json = {};  // the whole object; empty when only its identity is known
  std::string_view uid = {};
  std::string_view ns = {};
  std::string_view name = {};
  std::string_view resource_version = {};
  std::string_view metadata = {};  // the text of metadata; empty as `json` is
};

// Reads `json`, an object as a watch or a list holds it. Without uid and name it is invalid:
// INVALID_ARGUMENT.
absl::StatusOr<ObjectView> ViewObject(std::string_view json);

// One line of a watch (https://kubernetes.io/docs/reference/using-api/api-concepts/). A value.
struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError };
  Type type = Type::kError;
  std::string_view object = {};  // JSON text
};

// INVALID_ARGUMENT when the line is no event.
absl::StatusOr<WatchEvent> ParseWatchEvent(std::string_view line);

// One page of a list. A value.
struct ListPage {
  std::string resource_version = {};
  std::string continue_token = {};  // empty: the last page
  std::string_view items = {};      // JSON text of the array; empty when it is null
  // Of the whole list: items of built-in kinds don't repeat them.
  std::string api_version = {};
  std::string kind = {};
};
absl::StatusOr<ListPage> ParseListPage(std::string_view body);

}  // namespace slipway::kube
