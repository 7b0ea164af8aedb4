#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "services/build/logs/log_reader.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// Reads the log of one job for one reader, at the reader's pace. Asks the database only where the
// file has nothing new. Not thread-safe: one reader, one call at a time.
class LogFollower {
 public:
  // The job and step must exist and be visible.
  static absl::StatusOr<std::unique_ptr<LogFollower>> Open(Core& core, LogReader& reader,
                                                           const v1::TailLogRequest& request);

  struct Step {
    std::optional<v1::LogChunk> chunk = {};
    bool end = false;
  };
  // The next piece; nothing where there is none yet; the end after the last one.
  absl::StatusOr<Step> Next();

  int64_t job_id() const { return job_.job.id; }

 private:
  LogFollower(Core& core, LogReader& reader, const v1::TailLogRequest& request, JobOfRun job);

  // Where reading begins and must stop: the whole log, or the part of the step.
  struct Range {
    int64_t begin = 0;
    int64_t end = 0;        // as far as it is known
    bool complete = false;  // it will not grow
  };
  std::optional<Range> StepRange() const;
  absl::Status Refresh();
  // The error of a log that was pruned.
  absl::Status CheckKept();
  void StartAttempt(int attempt);
  // What can be read at the present place; nothing if there is nothing (more).
  absl::StatusOr<std::optional<v1::LogChunk>> ReadPiece();
  bool Complete() const;

  Core& core_;
  LogReader& reader_;
  const v1::TailLogRequest request_;
  JobOfRun job_;
  int attempt_ = 1;
  int64_t offset_ = 0;
  bool last_sent_ = false;
};

}  // namespace slipway::build
