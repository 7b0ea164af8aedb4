#include "services/gateway/transcode/embedded_contract.h"

// SLIPWAY_PROTOSET is the path of the file, given by the build.
asm(".section .rodata\n"
    ".balign 16\n"
    "slipway_protoset_begin:\n"
    ".incbin \"" SLIPWAY_PROTOSET
    "\"\n"
    "slipway_protoset_end:\n"
    ".previous\n");

extern "C" {
extern const char slipway_protoset_begin[];
extern const char slipway_protoset_end[];
}

namespace slipway::gateway {

std::string_view EmbeddedDescriptorSet() {
  return {slipway_protoset_begin,
          static_cast<size_t>(slipway_protoset_end - slipway_protoset_begin)};
}

}  // namespace slipway::gateway
