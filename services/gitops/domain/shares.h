#pragma once

#include <map>
#include <string>

namespace slipway::gitops {

// How many of `clusters` clusters a replica shall work on: as many as each other, and of those that
// are left over one each, where most are already. `held`: by the replicas at work, `me` among them.
// All who ask with the same numbers get answers that add up. Pure.
int ShareOf(const std::map<std::string, int>& held, int clusters, const std::string& me);

}  // namespace slipway::gitops
