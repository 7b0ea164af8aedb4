#include "services/build/engine/work_loop.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/build/store/log_archive_store.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kDatabaseTime = absl::Seconds(5);
constexpr absl::Duration kCallTime = absl::Seconds(10);
constexpr absl::Duration kHold = absl::Seconds(30);
constexpr int kBatch = 16;

absl::Duration DelayAfter(int tries) {
  return std::min(absl::Seconds(1) * (1 << std::min(tries, 6)), absl::Minutes(1));
}

}  // namespace

absl::Duration WorkLoop::Pass(const std::stop_token& stop) {
  while (!stop.stop_requested() && RunOnce(stop) > 0) {
  }
  return core_.limits.sweep;
}

int WorkLoop::RunOnce(const std::stop_token& stop) {
  const auto taken = db::RunTx(core_.pool, "work.take", kDatabaseTime,
                               [&](db::Tx& tx) { return TakeWork(tx, kBatch, kHold); });
  if (!taken.ok()) {
    log::Warn("work.failed", "work can't be read", {{"error", MessageOf(taken.status())}});
    return 0;
  }
  for (const DueWork& work : *taken) {
    // Each call may take its whole time, so the end doesn't wait for what isn't begun.
    const bool stopping = stop.stop_requested();
    const absl::Status status = stopping ? absl::OkStatus() : CarryOut(work);
    if (!status.ok()) {
      log::Warn("work.failed", "work failed and is tried again",
                {{"kind", work.item.kind},
                 {"subject", work.item.subject},
                 {"tries", work.tries},
                 {"error", MessageOf(status)}});
    }
    const absl::Status noted = db::RunTx(core_.pool, "work.note", kDatabaseTime, [&](db::Tx& tx) {
      if (stopping) return ReturnWork(tx, work.id);
      return status.ok() ? WorkDone(tx, work.id)
                         : WorkFailed(tx, work.id, MessageOf(status), DelayAfter(work.tries));
    });
    if (!noted.ok())
      log::Warn("work.note_failed", "work is done again", {{"error", MessageOf(noted)}});
  }
  return static_cast<int>(taken->size());
}

absl::Status WorkLoop::CarryOut(const DueWork& work) {
  const WorkItem& item = work.item;
  if (item.kind == "archive_log") return ArchiveLogs(item);
  if (item.kind == "delete_log") return DeleteLog(item);
  if (item.kind == "confirm_deletion") return ConfirmDeletion(item);
  const absl::Status released = pipeline_.ReleaseImageTag(item.subject, item.detail == "used",
                                                          {.deadline = absl::Now() + kCallTime});
  // A run that ended before its tag was reserved has none, and that of a deleted app is gone.
  return absl::IsNotFound(released) ? absl::OkStatus() : released;
}

absl::Status WorkLoop::ArchiveLogs(const WorkItem& item) {
  LogKey key;
  int attempts = 0;
  if (!absl::SimpleAtoi(item.subject, &key.job_id) || !absl::SimpleAtoi(item.detail, &attempts)) {
    return absl::OkStatus();
  }
  for (key.attempt = 1; key.attempt <= attempts; ++key.attempt) {
    SLIPWAY_RETURN_IF_ERROR(ArchiveLog(logs_, blobs_, key, [&](int64_t bytes) {
      return db::RunTx(core_.pool, "work.archived", kDatabaseTime, [&](db::Tx& tx) {
        return RecordArchivedLog(tx, key.job_id, key.attempt, bytes);
      });
    }));
  }
  return absl::OkStatus();
}

absl::Status WorkLoop::DeleteLog(const WorkItem& item) {
  LogKey key;
  if (!absl::SimpleAtoi(item.subject, &key.job_id) ||
      !absl::SimpleAtoi(item.detail, &key.attempt)) {
    return absl::OkStatus();
  }
  return blobs_.Delete(LogBlobKey(key));
}

absl::Status WorkLoop::ConfirmDeletion(const WorkItem& item) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<int64_t> active,
                           db::RunTx(core_.pool, "work.active_runs", kDatabaseTime,
                                     [&](db::Tx& tx) { return ActiveRunsOfApp(tx, item.detail); }));
  if (!active.empty())
    return absl::UnavailableError(std::to_string(active.size()) + " runs are still ending");
  const absl::Status confirmed =
      pipeline_.ConfirmDeletion(item.subject, item.detail, {.deadline = absl::Now() + kCallTime});
  return absl::IsNotFound(confirmed) ? absl::OkStatus() : confirmed;
}

}  // namespace slipway::build
