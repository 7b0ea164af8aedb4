#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "services/gateway/backend/backends.h"
#include "slipway/explain/v1/explain.pb.h"
#include "slipway/records/v1/records.pb.h"

namespace slipway::gateway {

// Answers slipway.explain.v1: asks every service for its records of a thing, then for those of the
// traces found, and merges them by time. A service that does not answer is named by a record of its
// own instead of failing the whole. Owned by App; thread-safe.
class Explain {
 public:
  using Records = std::vector<slipway::records::v1::Record>;
  using Done = std::function<void(absl::StatusOr<Records> records)>;

  // `backends` must outlive it.
  explicit Explain(Backends& backends) : backends_(backends) {}

  // Everything about the push behind `name`, the oldest first. `done` is called once, on a gRPC
  // thread.
  void Timeline(const std::string& name, const CallHeaders& headers, Done done);
  // Records with a verdict about `name`, the oldest first.
  void Decisions(const std::string& name, const CallHeaders& headers, Done done);

 private:
  void Ask(const slipway::records::v1::ListRecordsRequest& request, const CallHeaders& headers,
           Done done);
  // Asks by subject, then by the traces found; `done` gets all of it, merged.
  void BothRounds(const std::string& name, const CallHeaders& headers, Done done);

  Backends& backends_;
};

// The pure parts, for tests.

// Sorted by time; a record that two answers hold is there once.
Explain::Records MergeRecords(Explain::Records records);
// Traces to follow: all of a run, delivery, deployment or image; the newest one of an app or
// workflow, whose records belong to many pushes.
std::vector<std::string> TracesToFollow(const std::string& name, const Explain::Records& records);
// Whether a record is about `name` or something below it, or touches it.
bool Concerns(const slipway::records::v1::Record& record, const std::string& name);

}  // namespace slipway::gateway
