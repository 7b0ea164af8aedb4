#pragma once

#include <string_view>

#include "absl/status/status.h"

// What may be handed to git as a name. Everything a user or a webhook gave passes here first, so
// that it can be neither an option nor another transport. Pure functions.
namespace slipway::git {

// A full or short ref name by the rules of git-check-ref-format(1), and without a leading '-':
// "main", "refs/heads/feature/x". INVALID_ARGUMENT.
absl::Status ValidateRefName(std::string_view name);

// "[+]SOURCE[:DESTINATION]": each side a ref name, with at most one '*' (then on both sides), or a
// commit id as source. INVALID_ARGUMENT.
absl::Status ValidateRefspec(std::string_view refspec);

// An http or https URL with a host and without user information, query or fragment. `allow_file`:
// also file:///path. INVALID_ARGUMENT, the text says which rule.
absl::Status ValidateUrl(std::string_view url, bool allow_file = false);

// 40 lower-case hex digits.
bool IsSha(std::string_view text);
// The id that forges write for "no commit": forty zeros.
bool IsZeroSha(std::string_view text);

}  // namespace slipway::git
