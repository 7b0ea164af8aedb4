#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

// Walks JSON text without building a tree: a watch event or a page of a list is cut into its
// objects, and the few fields that are wanted are found, at the speed of reading. What is skipped
// is checked for balance only, not for grammar: who needs the values parses them. Pure functions,
// bounded depth; views point into the text.
namespace slipway::kube::scan {

// Calls `field` for each member of the object `text`: its name without quotes (as written, escapes
// not undone) and the text of its value. `field` returns false to stop early. False when `text` is
// no object or is cut.
bool Fields(std::string_view text,
            absl::FunctionRef<bool(std::string_view name, std::string_view value)> field);

// Calls `item` for each element of the array `text`. False when `text` is no array or is cut.
bool Items(std::string_view text, absl::FunctionRef<bool(std::string_view value)> item);

// The text of one member; empty when it is not there or `text` is no object.
std::string_view Field(std::string_view text, std::string_view name);

// The string that the JSON text `value` is; "" when it is none.
std::string String(std::string_view value);
// As String, but a view into the text, for strings without escapes; "" for all others.
std::string_view PlainString(std::string_view value);

}  // namespace slipway::kube::scan
