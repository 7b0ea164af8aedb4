#include "services/build/engine/log_pruner.h"

#include <limits>

#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/build/store/log_archive_store.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kDatabaseTime = absl::Seconds(10);

}  // namespace

absl::StatusOr<int64_t> LogPruner::Prune(absl::Time now, int limit) {
  const EngineLimits& limits = core_.limits;
  const absl::Time before =
      limits.log_keep > absl::ZeroDuration() ? now - limits.log_keep : absl::UnixEpoch();
  const int64_t max_bytes =
      limits.log_archive_limit > 0 ? limits.log_archive_limit : std::numeric_limits<int64_t>::max();
  int64_t kept = 0;
  SLIPWAY_ASSIGN_OR_RETURN(
      const int64_t pruned,
      db::RunTx(
          core_.pool, "archive.prune", kDatabaseTime, [&](db::Tx& tx) -> absl::StatusOr<int64_t> {
            SLIPWAY_ASSIGN_OR_RETURN(const int64_t count, PruneLogs(tx, before, max_bytes, limit));
            SLIPWAY_ASSIGN_OR_RETURN(kept, ArchivedBytes(tx));
            return count;
          }));
  metrics_.SetGauge("slipway_build_log_archive_bytes", "Bytes of archived logs.", {},
                    static_cast<double>(kept));
  metrics_.Count("slipway_build_logs_pruned_total", "Archived logs that were pruned.", {},
                 static_cast<double>(pruned));
  if (pruned > 0) {
    log::Info("logs.pruned", "old logs go out of the archive",
              {{"logs", pruned}, {"kept_bytes", kept}});
    core_.on_work();
  }
  return pruned;
}

}  // namespace slipway::build
