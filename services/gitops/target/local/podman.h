#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops::local {

// A pod of this installation as podman lists it. A value.
struct PodStatus {
  struct Container {
    std::string id = {};
    std::string name = {};
    std::string state = {};  // "running", "exited", "stopped", "created"
    int pid = 0;             // of its first process; 0: none
    int exit_code = 0;
  };
  std::string id = {};
  std::string name = {};
  std::map<std::string, std::string> labels = {};
  std::string infra_state = {};
  std::vector<Container> containers = {};  // without the infra container
};

// The podman program on a store of this suite's own. Arguments only, never a shell; credentials go by a private file.
// Owned by LocalTarget; immutable, thread-safe.
class Podman {
 public:
  struct Options {
    std::string containers_conf = {};  // CONTAINERS_CONF and so on: see README.md
    std::string storage_conf = {};
    std::string registries_conf = {};
    std::string work_dir = {};         // private folder for auth files
    absl::Duration timeout = absl::Seconds(60);        // of one command
    absl::Duration pull_timeout = absl::Minutes(5);    // of one pull
  };
  explicit Podman(Options options) : options_(std::move(options)) {}

  // Pods whose label `key` is `value`, with their containers.
  absl::StatusOr<std::vector<PodStatus>> List(const std::string& key, const std::string& value) const;
  // Makes the image local, by digest; nothing to do if it is. FAILED_PRECONDITION: refused, with cause and remedy.
  // UNAVAILABLE: the registry can't be reached.
  absl::Status Pull(const std::string& image, const std::vector<PullCredential>& credentials) const;
  // Starts the pod in `manifest` (JSON); its images must be local. ALREADY_EXISTS: a pod of this name is there.
  absl::Status Play(const std::string& manifest) const;
  // Ends and removes a pod at once; one that is not there is fine.
  absl::Status RemovePod(const std::string& name) const;
  // The last lines that a container wrote.
  absl::StatusOr<std::string> LastLog(const std::string& container, int lines) const;
  // Images of the same repository as `image` that no container uses, but `keep`, are taken away.
  void RemoveOtherImages(const std::string& image, const std::vector<std::string>& keep) const;

 private:
  struct Output {
    bool ok = false;
    std::string out;
    std::string err;
  };
  absl::StatusOr<Output> Run(std::vector<std::string> arguments, absl::Duration timeout, std::string input = "") const;

  const Options options_;
};

}  // namespace slipway::gitops::local
