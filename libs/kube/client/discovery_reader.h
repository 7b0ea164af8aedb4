#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/resource.h"

namespace slipway::kube {

// What one API group serves. A value.
struct ApiGroup {
  std::vector<std::string> versions = {};    // preferred first
  std::vector<ResourceInfo> resources = {};  // without subresources
};
using ApiGroups = std::map<std::string, ApiGroup, std::less<>>;

// All groups: the aggregated documents (APIGroupDiscoveryList v2 or v2beta1) where the server
// offers them, else group by group. A group whose server does not answer (an aggregated API that is
// down) is left out, not an error. Blocks.
absl::StatusOr<ApiGroups> ReadAllGroups(Client& client);

// One group, straight from its own documents: those of a new CRD are there first. A group that is
// not served comes back empty. Blocks.
absl::StatusOr<ApiGroup> ReadGroup(Client& client, const std::string& group);

}  // namespace slipway::kube
