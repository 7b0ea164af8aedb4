#pragma once

#include <string_view>

namespace slipway {

// A text file that the build put into the binary (see slipway_embed in tools/cmake). Immutable.
struct EmbeddedFile {
  std::string_view name;  // file name without folder
  std::string_view text;
};

}  // namespace slipway
