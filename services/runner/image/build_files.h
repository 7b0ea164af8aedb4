#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runner/image/image_builder.h"

namespace slipway::runner {

// Files of one build, all in its private folder.
struct BuildFiles {
  std::string dockerfile;  // copy
  std::string ignorefile;  // copy; empty: there is none
  std::string context;     // real path of the context in the checkout
  std::string auth;        // containers-auth.json(5), 0600
  std::string registries;  // containers-registries.conf(5): which registries speak plain HTTP
};

// Opens Dockerfile, ignore file and context below the checkout (symbolic links that leave it are
// refused) and writes the files that the builder reads. Errors name the path and the field of the
// workflow.
absl::StatusOr<BuildFiles> PrepareBuildFiles(const ImageRequest& request);

// The text of an auth file for these logins. Also docker's config.json.
std::string AuthFile(const std::vector<RegistryLogin>& logins);

}  // namespace slipway::runner
