#include "services/runner/disk_keeper.h"

#include <chrono>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/log/log.h"

namespace slipway::runner {
namespace {

constexpr auto kPause = std::chrono::seconds(30);
constexpr int kPausesPerPrune = 20;

}  // namespace

DiskKeeper::DiskKeeper(const DiskLimits& limits, ImageBuilder& images, git::MirrorStore& mirrors,
                       telemetry::Metrics& metrics)
    : limits_(limits),
      images_(images),
      mirrors_(mirrors),
      metrics_(metrics),
      thread_([this](const std::stop_token& stop) { Loop(stop); }) {}

void DiskKeeper::Loop(const std::stop_token& stop) {
  // The first image build need not wait for the probe.
  images_.Prepare(stop);
  PrunePace pace;
  for (int pauses = 0; !stop.stop_requested(); pauses = (pauses + 1) % kPausesPerPrune) {
    if (pauses == 0) PruneMirrors(stop);
    if (pace.Due(pauses == 0, TooManyImages())) {
      PruneImages(stop);
      pace.Pruned(TooManyImages());
    }
    std::unique_lock<Mutex> lock(mu_);
    pause_.wait_for(lock, stop, kPause, [] { return false; });
  }
}

void DiskKeeper::PruneMirrors(const std::stop_token& stop) {
  const git::MirrorsPruned done = mirrors_.Prune(limits_.mirror_max_age == absl::InfiniteDuration()
                                                     ? absl::InfinitePast()
                                                     : absl::Now() - limits_.mirror_max_age,
                                                 limits_.mirror_max_bytes, stop);
  if (stop.stop_requested()) return;
  Show("mirrors", done.removed, done.removed_bytes, done.kept_bytes, limits_.mirror_max_bytes);
}

void DiskKeeper::PruneImages(const std::stop_token& stop) {
  const absl::StatusOr<ImagesPruned> done = images_.storage().Prune(limits_.images, stop);
  if (stop.stop_requested()) return;
  if (!done.ok()) {
    log::Warn("disk.prune_failed", MessageOf(done.status()), {{"kind", "images"}});
    return;
  }
  Show("images", done->removed, done->removed_bytes, done->kept_bytes, limits_.images.max_bytes);
}

void DiskKeeper::Show(const std::string& kind, int removed, int64_t removed_bytes,
                      int64_t kept_bytes, int64_t max_bytes) {
  metrics_.SetGauge("slipway_runner_disk_bytes", "Disk that is kept between jobs, by kind.",
                    {{"kind", kind}}, static_cast<double>(kept_bytes));
  metrics_.Count("slipway_runner_pruned_total", "Images and mirrors removed to bound the disk.",
                 {{"kind", kind}}, removed);
  metrics_.Count("slipway_runner_pruned_bytes_total", "Disk given back by removals, by kind.",
                 {{"kind", kind}}, static_cast<double>(removed_bytes));
  if (removed > 0 || removed_bytes > 0) {
    log::Info("disk.pruned", "removed what was not used for long or too much for the disk",
              {{"kind", kind},
               {"removed", removed},
               {"removed_bytes", removed_bytes},
               {"kept_bytes", kept_bytes}});
  }
  if (kept_bytes > max_bytes) {
    log::Warn("disk.over_limit",
              "more is in use than the limit allows: raise it, or use fewer slots",
              {{"kind", kind}, {"kept_bytes", kept_bytes}, {"max_bytes", max_bytes}});
  }
}

}  // namespace slipway::runner
