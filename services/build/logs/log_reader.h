#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/blob/blob_store.h"
#include "services/build/logs/log_store.h"

namespace slipway::build {

// Key of the blob that holds the log of an ended job.
std::string LogBlobKey(LogKey key);

// Reads a log wherever it lies: in the files of running jobs, or among the blobs once the job has
// ended. Thread-safe.
class LogReader {
 public:
  LogReader(LogStore& logs, blob::BlobStore& blobs) : logs_(logs), blobs_(blobs) {}

  // At most `max` bytes from `offset`; empty at the end and where nothing was written.
  absl::StatusOr<std::string> Read(LogKey key, int64_t offset, size_t max);

 private:
  LogStore& logs_;
  blob::BlobStore& blobs_;
};

// Moves the log of a job that has ended to the blobs; nothing there is OK (it was moved before, or
// nothing was written). `record` writes down the size of what is stored, before the file goes.
absl::Status ArchiveLog(LogStore& logs, blob::BlobStore& blobs, LogKey key,
                        const std::function<absl::Status(int64_t bytes)>& record);

}  // namespace slipway::build
