#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/build/logs/log_archive.h"
#include "services/build/logs/log_store.h"

namespace slipway::build {

// Reads a log wherever it lies: in the store of running jobs, or in the archive once the job has ended. Thread-safe.
class LogReader {
 public:
  LogReader(LogStore& logs, LogArchive& archive) : logs_(logs), archive_(archive) {}

  // At most `max` bytes from `offset`; empty at the end and where nothing was written.
  absl::StatusOr<std::string> Read(LogKey key, int64_t offset, size_t max) {
    // The archive is complete before the local file goes.
    auto data = logs_.Read(key, offset, max);
    if (!absl::IsNotFound(data.status())) return data;
    data = archive_.Read(key, offset, max);
    if (absl::IsNotFound(data.status())) return std::string();
    return data;
  }

 private:
  LogStore& logs_;
  LogArchive& archive_;
};

}  // namespace slipway::build
