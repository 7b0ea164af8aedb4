#pragma once

#include <string>
#include <vector>

#include "google/protobuf/message.h"

namespace slipway::pipeline {

// Stands for "the default registry" among the targets of references.
inline constexpr char kDefaultRegistryTarget[] = "registries/-";

// Names of the other definitions that this one needs: they can't be deleted while it is there.
// Sorted, each once.
std::vector<std::string> ReferencesOf(const google::protobuf::Message& resource);

}  // namespace slipway::pipeline
