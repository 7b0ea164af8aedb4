#pragma once

#include <string>
#include <string_view>

namespace slipway::gitops::local {

// Takes away the empty cgroups that podman leaves of a removed pod: with cgroups of version 1 it
// cleans up in the hierarchies that it knows by name only, so that they would pile up for as long as
// the machine runs. `pods` is what `podman pod rm` printed, one id per line. Cgroups in use stay, and
// what can't be removed is left alone.
void RemovePodCgroups(std::string_view pods, const std::string& root = "/sys/fs/cgroup");

}  // namespace slipway::gitops::local
