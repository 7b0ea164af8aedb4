#include "services/build/logs/log_reader.h"

#include "libs/base/file.h"
#include "libs/base/status.h"

namespace slipway::build {

std::string LogBlobKey(LogKey key) {
  // Folders of a thousand jobs each stay small.
  return "logs/" + std::to_string(key.job_id / 1000) + "/" + std::to_string(key.job_id) + "-" +
         std::to_string(key.attempt);
}

absl::StatusOr<std::string> LogReader::Read(LogKey key, int64_t offset, size_t max) {
  // The blob is complete before the file goes.
  auto data = logs_.Read(key, offset, max);
  if (!absl::IsNotFound(data.status())) return data;
  data = blobs_.Get(LogBlobKey(key), static_cast<uint64_t>(offset), max);
  if (absl::IsNotFound(data.status())) return std::string();
  return data;
}

absl::Status ArchiveLog(LogStore& logs, blob::BlobStore& blobs, LogKey key,
                        const std::function<absl::Status(int64_t bytes)>& record) {
  const std::string path = logs.PathOf(key);
  if (!PathExists(path)) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(blobs.PutFile(LogBlobKey(key), path));
  SLIPWAY_ASSIGN_OR_RETURN(const int64_t bytes, logs.Size(key));
  SLIPWAY_RETURN_IF_ERROR(record(bytes));
  return logs.Remove(key);
}

}  // namespace slipway::build
