#pragma once

#include <string_view>

namespace slipway::gateway {

// The descriptor set of the suite's protos, with their comments, as the build put it into this
// binary.
std::string_view EmbeddedDescriptorSet();

}  // namespace slipway::gateway
