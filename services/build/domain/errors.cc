#include "services/build/domain/errors.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "services/build/domain/states.h"

namespace slipway::build {
namespace {

using absl::StatusCode;

using Metadata = std::vector<std::pair<std::string, std::string>>;

absl::Status Error(StatusCode code, std::string_view message, std::string_view reason,
                   Metadata metadata = {}) {
  ErrorDetails details;
  details.reason = std::string(reason);
  details.metadata = std::move(metadata);
  return MakeError(code, message, std::move(details));
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

absl::Status Missing(std::string_view kind, std::string_view reason, std::string_view name) {
  return Error(StatusCode::kNotFound, std::string(kind) + " " + Quoted(name) + " was not found",
               reason, {{"name", std::string(name)}});
}

}  // namespace

absl::Status RunNotFound(std::string_view name) { return Missing("run", "RUN_NOT_FOUND", name); }

absl::Status JobNotFound(std::string_view name) { return Missing("job", "JOB_NOT_FOUND", name); }

absl::Status StepNotFound(std::string_view job, std::string_view step) {
  return Error(StatusCode::kNotFound, "job " + Quoted(job) + " has no step " + Quoted(step),
               "STEP_NOT_FOUND", {{"job", std::string(job)}, {"step", std::string(step)}});
}

absl::Status AttemptNotFound(std::string_view job, int attempt) {
  return Error(StatusCode::kNotFound,
               "job " + Quoted(job) + " has no attempt " + std::to_string(attempt),
               "ATTEMPT_NOT_FOUND", {{"job", std::string(job)}});
}

absl::Status ImageNotFound(std::string_view name) {
  return Missing("image", "IMAGE_NOT_FOUND", name);
}

absl::Status RunnerNotFound(std::string_view name) {
  return Missing("runner", "RUNNER_NOT_FOUND", name);
}

absl::Status RunnerExists(std::string_view name) {
  return Error(StatusCode::kAlreadyExists,
               "runner " + Quoted(name) + " exists already; choose another name", "RUNNER_EXISTS",
               {{"name", std::string(name)}});
}

absl::Status SecretMissing(std::string_view name) {
  return Error(StatusCode::kNotFound,
               Quoted(name) + " of the plan does not exist any more; start a new run",
               "SECRET_MISSING", {{"name", std::string(name)}});
}

absl::Status RunHasEnded(std::string_view name, v1::State state) {
  return Error(StatusCode::kFailedPrecondition,
               "run " + Quoted(name) + " has ended already: " + StateText(state), "RUN_HAS_ENDED",
               {{"state", StateText(state)}});
}

absl::Status RunHasNotEnded(std::string_view name, v1::State state) {
  return Error(StatusCode::kFailedPrecondition,
               "run " + Quoted(name) + " has not ended: " + StateText(state) +
                   "; cancel it or wait for its end before it is repeated",
               "RUN_HAS_NOT_ENDED", {{"state", StateText(state)}});
}

absl::Status DeploysToForbidden(std::string_view environment) {
  return Error(StatusCode::kPermissionDenied,
               "this run deploys to environment " + Quoted(environment) +
                   " by itself, and you may not deploy there; ask for role build-and-deploy on "
                   "that environment",
               "ENVIRONMENT_FORBIDDEN", {{"environment", std::string(environment)}});
}

absl::Status NotARunner() {
  return Error(StatusCode::kPermissionDenied, "only a runner may call this", "NOT_A_RUNNER");
}

absl::Status ForeignLease(std::string_view job) {
  return Error(StatusCode::kPermissionDenied,
               "job " + Quoted(job) + " is not held by the runner that this token stands for",
               "FOREIGN_LEASE", {{"job", std::string(job)}});
}

absl::Status LeaseLost(std::string_view job) {
  return Error(StatusCode::kAborted,
               "the lease of job " + Quoted(job) + " is over; end it and report no more",
               "LEASE_LOST", {{"job", std::string(job)}});
}

absl::Status LogGap(int64_t offset, int64_t size) {
  return Error(
      StatusCode::kOutOfRange,
      "the log ends at byte " + std::to_string(size) + ", before offset " + std::to_string(offset),
      "LOG_GAP", {{"size", std::to_string(size)}});
}

absl::Status LogIncomplete(int64_t size, int64_t expected) {
  return Error(StatusCode::kOutOfRange,
               "the log has " + std::to_string(size) + " of " + std::to_string(expected) +
                   " bytes; send the rest first",
               "LOG_INCOMPLETE", {{"size", std::to_string(size)}});
}

absl::Status LogPruned(std::string_view job, int attempt, absl::Time when) {
  const std::string time = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", when, absl::UTCTimeZone());
  return Error(StatusCode::kNotFound,
               "the log of job " + Quoted(job) + ", attempt " + std::to_string(attempt) +
                   ", was pruned on " + time +
                   "; build's settings log-keep and log-archive-limit say how long logs are kept",
               "LOG_PRUNED", {{"job", std::string(job)}, {"prune_time", time}});
}

absl::Status LogPieceTooLarge(size_t size, size_t limit) {
  return InvalidField(
      "data", std::to_string(size) + " bytes are more than the limit of " + std::to_string(limit));
}

}  // namespace slipway::build
