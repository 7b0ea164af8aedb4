#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/slipway/commands/context.h"
#include "tools/slipway/manifest/manifest.h"

namespace slipway::cli {

// What applying would do with each item ("CREATED", "UPDATED", "UNCHANGED"); nothing is changed.
// MANIFEST_INVALID with all mistakes: those that reading found, and those that the server finds in
// what is left when these are taken out.
absl::StatusOr<std::vector<std::string>> CheckManifest(Context& context, Manifest& manifest);

// The resource as it is; null if there is none.
absl::StatusOr<boost::json::value> Current(Context& context, const ManifestItem& item);

// How the item is saved, or only checked.
Path PatchPath(const ManifestItem& item, bool validate_only);

}  // namespace slipway::cli
