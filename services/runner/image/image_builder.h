#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/http/outgoing_guard.h"
#include "services/runner/image/builder_setup.h"
#include "services/runner/image/image_storage.h"
#include "services/runner/sandbox/sandbox.h"

namespace slipway::runner {

// Who signs in to a registry.
struct RegistryLogin {
  std::string host;  // HOST[:PORT]
  std::string username;
  std::string password;
  bool insecure = false;  // plain HTTP
};

// One image to build and push. A value.
struct ImageRequest {
  std::string checkout;                     // folder with the source; no step runs in it meanwhile
  std::string dockerfile;                   // below the checkout
  std::string context;                      // below the checkout
  std::map<std::string, std::string> args;  // shown in the image's history: no secrets
  std::string registry_host;
  std::string repository;
  std::string tag;
  bool insecure = false;
  bool ignore_cache = false;
  absl::Time timestamp;                               // of all files and records of the image
  std::vector<RegistryLogin> logins;                  // for the push and for base images
  absl::Duration timeout = absl::InfiniteDuration();  // of build and push together
  std::string private_folder;                         // empty, removed by the caller afterwards
};

struct BuildFiles;

// Builds images with buildah and pushes them by digest. Owned by App; thread-safe. Layers are kept
// in `data` between builds; storage driver and isolation are the strongest that work on this
// machine.
class ImageBuilder {
 public:
  // `guard` says which registries may be pushed to; null: every one. It outlives the object.
  ImageBuilder(std::string data, const Sandbox& sandbox, const http::OutgoingGuard* guard = nullptr)
      : setup_(std::move(data), sandbox),
        storage_(setup_, sandbox),
        sandbox_(sandbox),
        guard_(guard) {}

  // Finds out how images are built here, which the first build would do otherwise. A failure is
  // logged.
  void Prepare(std::stop_token stop);

  // The digest (sha256:...) under which the registry has the image. Progress goes to `output`.
  absl::StatusOr<std::string> BuildAndPush(const ImageRequest& request, const JobCgroup& cgroup,
                                           const Sandbox::Output& output, std::stop_token stop);

  // The images kept between builds. Nothing is pruned before the first Prepare or build.
  ImageStorage& storage() { return storage_; }

 private:
  absl::Status Build(const ImageRequest& request, const BuildFiles& files,
                     const BuilderFacts& facts, const JobCgroup& cgroup, absl::Time deadline,
                     const Sandbox::Output& output, std::stop_token stop);
  absl::StatusOr<std::string> Push(const ImageRequest& request, const BuildFiles& files,
                                   const BuilderFacts& facts, const JobCgroup& cgroup,
                                   absl::Time deadline, const Sandbox::Output& output,
                                   std::stop_token stop);

  BuilderSetup setup_;
  ImageStorage storage_;
  const Sandbox& sandbox_;
  const http::OutgoingGuard* guard_;
};

}  // namespace slipway::runner
