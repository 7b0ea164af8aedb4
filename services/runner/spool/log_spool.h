#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libs/base/unique_fd.h"

namespace slipway::runner {

// The masked log of one job in a file: appended by the job, read by the courier that ships it.
// Appends and reads may run on different threads; each of them on one at a time.
class LogSpool {
 public:
  // Makes the file, or opens an earlier one.
  static absl::StatusOr<std::unique_ptr<LogSpool>> Open(const std::string& path);

  absl::StatusOr<int64_t> Size() const;
  // All of it or, where the disk is full, nothing.
  absl::Status Append(std::string_view bytes);
  // At most `max_bytes` from `offset` on; empty at the end.
  absl::StatusOr<std::string> Read(int64_t offset, size_t max_bytes) const;

 private:
  explicit LogSpool(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace slipway::runner
