#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/runner/image/builder_setup.h"
#include "services/runner/image/image_uses.h"
#include "services/runner/image/storage_gate.h"

namespace slipway::runner {

inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// What the images on the runner's disk may take.
struct ImageLimits {
  absl::Duration max_age = absl::InfiniteDuration();  // since the last use
  int64_t max_bytes = kNoLimit;                       // of disk
  int64_t max_count = kNoLimit;  // of images, with the unnamed ones of each instruction
};

// What a Prune has done.
struct ImagesPruned {
  int removed = 0;  // named images, with the layers that only they used
  int64_t removed_bytes = 0;
  int64_t kept_bytes = 0;
};

// The images and layers that builds leave on the runner's disk, where they are the cache of the
// next build. Owned by ImageBuilder; thread-safe.
class ImageStorage {
 public:
  ImageStorage(BuilderSetup& setup, const Sandbox& sandbox)
      : setup_(setup), sandbox_(sandbox), uses_(setup.data() + "/uses") {}

  // A build of `image` begins, and ends with the pass; invalid after a stop request.
  StorageGate::Pass BeginBuild(const std::string& image, const std::stop_token& stop);
  // Whether a build would have to wait for a cleaning now.
  bool BeingCleaned() const { return gate_.Closed(); }

  // Removes the containers of builds that failed or were killed, storage of drivers no longer used,
  // images not used for `max_age`, and, where all take more than `max_bytes` or are more than
  // `max_count`, layers of no named image and the images unused the longest until four fifths of
  // it are left. Does nothing while builds run; only with too much it waits for them, and new ones
  // for it.
  absl::StatusOr<ImagesPruned> Prune(const ImageLimits& limits, const std::stop_token& stop);

  // How many images there are, named or not: each call of buildah reads all their records, so that
  // a thousand small ones make every step of a build take a second. Cheap.
  int64_t Count() const;

 private:
  // Runs buildah on the storage and gives its standard output.
  absl::StatusOr<std::string> Tool(const BuilderFacts& facts, std::vector<std::string> words,
                                   const std::stop_token& stop) const;
  absl::StatusOr<std::vector<std::string>> Names(const BuilderFacts& facts,
                                                 const std::stop_token& stop) const;
  // Where the storage keeps the records of its "images" or "containers".
  std::string StorageFolder(const BuilderFacts& facts, const std::string& part) const;
  absl::Status RemoveContainers(const BuilderFacts& facts, const std::stop_token& stop) const;
  void RemoveOtherDrivers(const BuilderFacts& facts) const;
  absl::Status RemoveOld(const BuilderFacts& facts, absl::Duration max_age, ImagesPruned& out,
                         const std::stop_token& stop) const;
  absl::Status RemoveUntil(const BuilderFacts& facts, const ImageLimits& limits, ImagesPruned& out,
                           const std::stop_token& stop) const;
  void Remove(const BuilderFacts& facts, const std::string& image, ImagesPruned& out,
              const std::stop_token& stop) const;

  BuilderSetup& setup_;
  const Sandbox& sandbox_;
  const ImageUses uses_;
  StorageGate gate_;
  std::atomic<int64_t> builds_ = 0;
  // Touched by Prune only, which runs on one thread.
  int64_t measured_at_ = -1;  // builds_ when measured_ was counted
  int64_t measured_ = 0;
};

}  // namespace slipway::runner
