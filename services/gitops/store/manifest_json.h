#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/manifest.h"

// Manifests of a deployment as they are stored: a list of {"file", "text"}. Pure.
namespace slipway::gitops {

std::string ManifestsToJson(const std::vector<Manifest>& manifests);

// As big as any render. DATA_LOSS: it is no such list.
absl::StatusOr<std::vector<Manifest>> ManifestsFromJson(const std::string& text);

}  // namespace slipway::gitops
