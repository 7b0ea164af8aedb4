#pragma once

#include <string>
#include <string_view>

namespace slipway::gitops {

// One file of the desired state.
struct Manifest {
  std::string file;  // name in the folder: "deployment.yaml"
  std::string text;
};

// A string as a double-quoted scalar of YAML. JSON's escapes are YAML's, but JSON leaves characters
// alone that YAML refuses (DEL, C1 controls, BOM) or takes for line breaks (NEL, U+2028, U+2029).
std::string QuotedYaml(std::string_view text);

}  // namespace slipway::gitops
