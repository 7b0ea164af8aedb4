#include "services/gitops/source/mirror_sweeper.h"

#include <cstdint>
#include <limits>

#include "libs/log/log.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kUnused = absl::Hours(7 * 24);
constexpr absl::Duration kSweep = absl::Hours(1);

}  // namespace

absl::Duration MirrorSweeper::Pass(const std::stop_token& stop) {
  const absl::Time now = clock_.Now();
  if (now - begun_ < kSweep) return kSweep - (now - begun_);
  const git::MirrorsPruned done =
      mirrors_.Prune(now - kUnused, std::numeric_limits<int64_t>::max(), stop);
  if (done.removed > 0) {
    log::Info("mirrors.removed", "nobody has used these repositories for a week",
              {{"mirrors", done.removed}, {"bytes", done.removed_bytes}});
  }
  return kSweep;
}

}  // namespace slipway::gitops
