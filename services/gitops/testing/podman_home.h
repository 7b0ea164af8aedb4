#pragma once

#include <string>
#include <vector>

#include "libs/base/file.h"
#include "services/gitops/target/local/podman.h"

namespace slipway::gitops {

// A podman store of a test's own with its own network; its pods and its network go with the object.
// Aborts the test when the machine can't run containers. Not thread-safe.
class PodmanHome {
 public:
  // Registries that are spoken to by plain HTTP.
  explicit PodmanHome(const std::vector<std::string>& insecure_registries);
  ~PodmanHome();

  local::Podman::Options options() const;
  std::string events_file() const { return folder_.path() + "/tmp/events/events.log"; }
  // Runs podman as a person would; trimmed output.
  std::string Run(const std::vector<std::string>& arguments) const;

 private:
  TempDir folder_;
  std::string bridge_;
};

}  // namespace slipway::gitops
