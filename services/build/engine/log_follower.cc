#include "services/build/engine/log_follower.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/states.h"
#include "services/build/logs/utf8_cut.h"
#include "services/build/store/log_archive_store.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr absl::Duration kDatabaseTime = absl::Seconds(5);

absl::StatusOr<JobOfRun> FindVisibleJob(Core& core, const JobName& name) {
  return db::RunTx(core.pool, "logs.job", kDatabaseTime,
                   [&](db::Tx& tx) -> absl::StatusOr<JobOfRun> {
                     SLIPWAY_ASSIGN_OR_RETURN(const RunRecord run, GetRun(tx, name.run));
                     return GetJobOfRun(tx, {run.name, name.job});
                   });
}

}  // namespace

absl::StatusOr<std::unique_ptr<LogFollower>> LogFollower::Open(Core& core, LogReader& reader,
                                                               const v1::TailLogRequest& request) {
  const auto name = JobName::Parse(request.name());
  if (!name)
    return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W/runs/N/jobs/J");
  if (request.offset() < 0) return InvalidField("offset", "is negative");
  SLIPWAY_ASSIGN_OR_RETURN(JobOfRun job, FindVisibleJob(core, *name));
  if (request.attempt() < 0 || request.attempt() > job.job.attempt) {
    return AttemptNotFound(request.name(), request.attempt());
  }
  std::unique_ptr<LogFollower> follower(new LogFollower(core, reader, request, std::move(job)));
  if (!request.step().empty() && !follower->StepRange())
    return StepNotFound(request.name(), request.step());
  SLIPWAY_RETURN_IF_ERROR(follower->CheckKept());
  return follower;
}

LogFollower::LogFollower(Core& core, LogReader& reader, const v1::TailLogRequest& request,
                         JobOfRun job)
    : core_(core), reader_(reader), request_(request), job_(std::move(job)) {
  attempt_ = request.attempt() == 0 ? job_.job.attempt : request.attempt();
  offset_ = request.offset();
}

absl::StatusOr<LogFollower::Step> LogFollower::Next() {
  if (last_sent_) return Step{.end = true};
  // Twice: once with what is known, once after asking how the job stands.
  for (int round = 0; round < 2; ++round) {
    SLIPWAY_ASSIGN_OR_RETURN(std::optional<v1::LogChunk> chunk, ReadPiece());
    if (chunk) return Step{.chunk = std::move(chunk)};
    if (round == 0) SLIPWAY_RETURN_IF_ERROR(Refresh());
  }
  if (request_.attempt() == 0 && attempt_ < job_.job.attempt) {
    StartAttempt(job_.job.attempt);
    return Next();
  }
  if (!Complete()) return Step{.end = !request_.follow()};
  // The end, or was the rest taken away meanwhile?
  SLIPWAY_RETURN_IF_ERROR(CheckKept());
  v1::LogChunk last;
  last.set_offset(offset_);
  last.set_attempt(attempt_);
  last.set_last(true);
  last_sent_ = true;
  return Step{.chunk = std::move(last)};
}

std::optional<LogFollower::Range> LogFollower::StepRange() const {
  for (const v1::Step& step : job_.job.steps) {
    if (step.name() == request_.step())
      return Range{step.log_begin(), step.log_end(), IsFinal(step.state())};
  }
  return std::nullopt;
}

absl::Status LogFollower::Refresh() {
  const JobName name = job_.FullName();
  SLIPWAY_ASSIGN_OR_RETURN(job_, db::RunTx(core_.pool, "logs.refresh", kDatabaseTime,
                                           [&](db::Tx& tx) { return GetJobOfRun(tx, name); }));
  return absl::OkStatus();
}

absl::Status LogFollower::CheckKept() {
  if (attempt_ == job_.job.attempt && !IsFinal(job_.job.state)) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(
      const std::optional<absl::Time> pruned,
      db::RunTx(core_.pool, "logs.kept", kDatabaseTime,
                [&](db::Tx& tx) { return LogPrunedAt(tx, job_.job.id, attempt_); }));
  return pruned ? LogPruned(request_.name(), attempt_, *pruned) : absl::OkStatus();
}

void LogFollower::StartAttempt(int attempt) {
  attempt_ = attempt;
  offset_ = 0;
}

absl::StatusOr<std::optional<v1::LogChunk>> LogFollower::ReadPiece() {
  size_t max = kPiece;
  // The steps of an earlier attempt are not kept: its log is given as a whole.
  if (!request_.step().empty() && attempt_ == job_.job.attempt) {
    const std::optional<Range> range = StepRange();
    if (!range) return std::optional<v1::LogChunk>();
    offset_ = std::max(offset_, range->begin);
    // A step that runs writes the end of the log, whatever was last reported about it.
    const bool open =
        !range->complete && job_.job.state == v1::RUNNING && range->end >= range->begin;
    const auto* step =
        &*std::find_if(job_.job.steps.begin(), job_.job.steps.end(),
                       [&](const v1::Step& s) { return s.name() == request_.step(); });
    if (step->state() == v1::PENDING || step->state() == v1::SKIPPED)
      return std::optional<v1::LogChunk>();
    if (!open) {
      if (offset_ >= range->end) return std::optional<v1::LogChunk>();
      max = std::min<size_t>(max, static_cast<size_t>(range->end - offset_));
    }
  }
  SLIPWAY_ASSIGN_OR_RETURN(std::string data, reader_.Read({job_.job.id, attempt_}, offset_, max));
  if (data.empty()) return std::optional<v1::LogChunk>();
  const size_t whole = CompleteUtf8Prefix(data);
  if (whole > 0) {
    data.resize(whole);
  } else if (!Complete()) {
    return std::optional<v1::LogChunk>();  // the rest of the character is to come
  }
  v1::LogChunk chunk;
  chunk.set_offset(offset_);
  chunk.set_text(ToValidUtf8(data));
  chunk.set_attempt(attempt_);
  offset_ += static_cast<int64_t>(data.size());
  return std::optional<v1::LogChunk>(std::move(chunk));
}

bool LogFollower::Complete() const {
  if (attempt_ < job_.job.attempt || IsFinal(job_.job.state)) return true;
  if (request_.step().empty()) return false;
  const std::optional<Range> range = StepRange();
  return range && range->complete && offset_ >= range->end;
}

}  // namespace slipway::build
