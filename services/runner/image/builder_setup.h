#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "services/runner/sandbox/sandbox.h"

namespace slipway::runner {

// How images are built on this machine.
struct BuilderFacts {
  std::string driver;     // "overlay" or "vfs"
  std::string isolation;  // "oci" or "chroot"
  std::string runtime;    // with "oci": path of runc or crun
};

// Finds by a tiny build which storage driver and isolation work, and remembers it on disk until
// kernel or tools change. The storage of images lies in `data`. Owned by ImageBuilder; thread-safe.
class BuilderSetup {
 public:
  BuilderSetup(std::string data, const Sandbox& sandbox)
      : data_(std::move(data)), sandbox_(sandbox) {}

  // What was found; probes on the first call. FAILED_PRECONDITION with the builder's message where
  // nothing works.
  absl::StatusOr<BuilderFacts> Facts(std::stop_token stop);

  // What was found, if it was.
  std::optional<BuilderFacts> Known();

  // "buildah" with the options for storage, before the subcommand.
  std::vector<std::string> Command(const BuilderFacts& facts) const;
  // "bud" with the options for isolation.
  static std::vector<std::string> BuildCommand(const BuilderFacts& facts);
  const std::string& data() const { return data_; }

 private:
  absl::Status Try(const BuilderFacts& facts, std::stop_token stop) const;
  absl::StatusOr<BuilderFacts> Probe(std::stop_token stop) const;

  const std::string data_;
  const Sandbox& sandbox_;
  Mutex mu_;
  bool known_ SLIPWAY_GUARDED_BY(mu_) = false;
  BuilderFacts facts_ SLIPWAY_GUARDED_BY(mu_);
};

}  // namespace slipway::runner
