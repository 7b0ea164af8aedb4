#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/build/domain/names.h"
#include "slipway/build/v1/build.pb.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::build {

// The rows of this service as values. They know nothing of SQL or gRPC.

struct RunRecord {
  int64_t id = 0;
  RunName name = {};
  std::string app_uid = {};
  v1::State state = v1::PENDING;
  std::string reason = {};
  std::string commit = {};
  std::string subject = {};
  std::string author = {};
  std::string ref = {};
  std::string cause = {};
  std::string actor = {};
  std::string delivery = {};
  std::string retry_of = {};  // name of a run
  std::string plan_digest = {};
  int64_t order = 0;
  std::string traceparent = {};
  std::string trace_id = {};
  std::string image = {};  // REPOSITORY@DIGEST
  std::string image_tag = {};
  std::string tag_pattern = {};
  bool tag_used = false;
  bool archived = false;
  int64_t version = 1;
  absl::Time created = {};
  std::optional<absl::Time> started = {};
  std::optional<absl::Time> ended = {};
};

struct JobRecord {
  int64_t id = 0;
  int64_t run_id = 0;
  std::string name = {};
  int position = 0;
  std::vector<std::string> needs = {};
  v1::State state = v1::PENDING;
  std::string reason = {};
  bool ready = false;
  int attempt = 1;
  int64_t fence = 0;
  std::string runner = {};  // id, without "runners/"
  std::string session = {};
  bool acknowledged = false;
  bool cancel_requested = false;
  absl::Duration timeout = absl::Hours(1);
  std::vector<v1::Step> steps = {};
  std::optional<v1::BuiltImage> built_image = {};
  bool has_log = false;
  absl::Time created = {};
  std::optional<absl::Time> started = {};
  std::optional<absl::Time> ended = {};
};

struct ImageRecord {
  std::string id = {};
  int64_t run_id = 0;
  std::string step = {};
  std::string repository = {};
  std::string digest = {};
  std::string tag = {};
  absl::Time created = {};
  RunRecord run = {};
};

struct RunnerRecord {
  int64_t id = 0;
  std::string name = {};  // id, without "runners/"
  std::string description = {};
  bool paused = false;
  std::string session = {};
  int slots = 0;
  std::string version = {};
  int jobs = 0;
  absl::Time created = {};
  std::optional<absl::Time> last_seen = {};
};

// A job together with the run that it belongs to.
struct JobOfRun {
  RunRecord run = {};
  JobRecord job = {};

  JobName FullName() const { return {run.name, job.name}; }
  // The holding under which the job's present runner reports.
  v1::LeaseKey Key() const {
    v1::LeaseKey key;
    key.set_job(FullName().ToString());
    key.set_fence(job.fence);
    return key;
  }
};

}  // namespace slipway::build
