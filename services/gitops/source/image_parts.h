#pragma once

#include <string>
#include <string_view>

namespace slipway::gitops {

// An image by digest, taken apart. A value.
struct ImageParts {
  std::string name = {};        // "registry:5000/demo/hello"
  std::string host = {};        // "registry:5000"; empty: none
  std::string repository = {};  // "demo/hello"
  std::string digest = {};      // "sha256:..."; empty: none
};

// Takes HOST/REPOSITORY@sha256:... apart. The first part is a host if it has a dot or a port, or is
// "localhost", as all clients of registries see it.
inline ImageParts SplitImage(std::string_view image) {
  ImageParts parts;
  const size_t at = image.find('@');
  parts.name = image.substr(0, at);
  if (at != std::string_view::npos) parts.digest = image.substr(at + 1);
  parts.repository = parts.name;
  const size_t slash = parts.name.find('/');
  if (slash == std::string::npos) return parts;
  const std::string first = parts.name.substr(0, slash);
  if (first == "localhost" || first.find_first_of(".:") != std::string::npos) {
    parts.host = first;
    parts.repository = parts.name.substr(slash + 1);
  }
  return parts;
}

}  // namespace slipway::gitops
