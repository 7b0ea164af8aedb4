#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "slipway/gitops/v1/gitops.pb.h"

// What may stand in the spec of a provider of each kind. Pure functions.
namespace slipway::gitops::provider {

// The spec with its defaults, or what is wrong with it, by field.
absl::StatusOr<slipway::gitops::v1::GitOpsProviderSpec> CheckedSpec(
    slipway::gitops::v1::GitOpsProviderSpec spec);

// Whether the host that gets the credentials is the same for both: a stored token may go on being
// used.
bool SameHost(const slipway::gitops::v1::GitOpsProviderSpec& a,
              const slipway::gitops::v1::GitOpsProviderSpec& b);

// OK if `name` may name a repository on a host of any kind.
absl::Status CheckRepositoryName(const std::string& name, std::string_view field);

}  // namespace slipway::gitops::provider
