#pragma once

#include <cstdint>
#include <map>
#include <optional>
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
    absl::Time started = absl::InfinitePast();
  };
  std::string id = {};
  std::string name = {};
  std::map<std::string, std::string> labels = {};
  std::string infra_state = {};
  std::vector<Container> containers = {};  // without the infra container
};

// The podman program on a store of this suite's own. Arguments only, never a shell; credentials go
// by a private file. Owned by LocalTarget; immutable, thread-safe.
class Podman {
 public:
  struct Options {
    std::string containers_conf = {};  // CONTAINERS_CONF and so on: see README.md
    std::string storage_conf = {};
    std::string registries_conf = {};
    std::string work_dir = {};                       // private folder for auth files
    absl::Duration timeout = absl::Seconds(60);      // of one command
    absl::Duration pull_timeout = absl::Minutes(5);  // of one pull
  };
  explicit Podman(Options options) : options_(std::move(options)) {}

  // Takes away the auth files of pulls that were cut off by a kill. Before use.
  void Sweep() const;

  // Pods whose label `key` is `value`, with their containers.
  absl::StatusOr<std::vector<PodStatus>> List(const std::string& key,
                                              const std::string& value) const;
  // Makes the image local, by digest; nothing to do if it is. FAILED_PRECONDITION: refused, with
  // cause and remedy. UNAVAILABLE: the registry can't be reached.
  absl::Status Pull(const std::string& image, const std::vector<PullCredential>& credentials) const;
  // Starts the pod in `manifest` (JSON); its images must be local. ALREADY_EXISTS: a pod of this
  // name is there. FAILED_PRECONDITION: podman does not want this manifest. INTERNAL: it failed
  // otherwise, perhaps not the next time.
  absl::Status Play(const std::string& manifest) const;
  // Ends and removes a pod at once; one that is not there is fine.
  absl::Status RemovePod(const std::string& name) const;
  // The last lines that a container wrote.
  absl::StatusOr<std::string> LastLog(const std::string& container, int lines) const;
  // Takes the images of a repository (HOST:PORT/NAME) away that no container uses.
  void RemoveUnusedImages(const std::string& repository) const;

 private:
  struct Output {
    bool ok = false;
    std::string out;
    std::string err;
  };
  // One pull with one credential, or none.
  absl::Status PullWith(const std::string& image,
                        const std::optional<PullCredential>& credential) const;
  absl::StatusOr<Output> Run(std::vector<std::string> arguments, absl::Duration timeout,
                             std::string input = "") const;

  const Options options_;
};

}  // namespace slipway::gitops::local
