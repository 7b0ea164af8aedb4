#pragma once

#include <condition_variable>
#include <cstdint>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/git/mirror_store.h"
#include "libs/telemetry/metrics.h"
#include "services/runner/image/image_builder.h"

namespace slipway::runner {

// What the runner may keep on disk between jobs.
struct DiskLimits {
  ImageLimits images;
  absl::Duration mirror_max_age = absl::InfiniteDuration();  // since the last checkout
  int64_t mirror_max_bytes = kNoLimit;
};

// When images are pruned: at the regular times, and at once when there are too many. One that left
// too many is not tried again before the next regular time, since it holds new builds back for
// those that run. A value of one thread.
class PrunePace {
 public:
  bool Due(bool regular, bool too_many) const { return regular || (too_many && !in_vain_); }
  void Pruned(bool still_too_many) { in_vain_ = still_too_many; }

 private:
  bool in_vain_ = false;
};

// Bounds what the runner keeps on disk to be fast: images and mirrors. Finds out once how images
// are built here, then prunes at once and every ten minutes, too many images within half a minute,
// and never what a job uses. Shows itself by a log line when it removed something, and by metrics.
// Owned by App; stops at destruction.
class DiskKeeper {
 public:
  // The parts must outlive it.
  DiskKeeper(const DiskLimits& limits, ImageBuilder& images, git::MirrorStore& mirrors,
             telemetry::Metrics& metrics);
  DiskKeeper(const DiskKeeper&) = delete;
  DiskKeeper& operator=(const DiskKeeper&) = delete;

 private:
  void Loop(const std::stop_token& stop);
  void PruneImages(const std::stop_token& stop);
  bool TooManyImages() const { return images_.storage().Count() > limits_.images.max_count; }
  void PruneMirrors(const std::stop_token& stop);
  void Show(const std::string& kind, int removed, int64_t removed_bytes, int64_t kept_bytes,
            int64_t max_bytes);

  const DiskLimits limits_;
  ImageBuilder& images_;
  git::MirrorStore& mirrors_;
  telemetry::Metrics& metrics_;
  Mutex mu_;
  std::condition_variable_any pause_;
  std::jthread thread_;
};

}  // namespace slipway::runner
