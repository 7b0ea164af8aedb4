#include "services/build/api/build_streams.h"

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "services/build/domain/states.h"

namespace slipway::build {
namespace {

absl::Time SoonEnough() { return absl::Now() + absl::Seconds(10); }

}  // namespace

absl::StatusOr<std::unique_ptr<rpc::StreamSource<v1::Run>>> RunStream::Open(
    Core& core, Queries& queries, const std::string& name, rpc::StreamWaker waker) {
  SLIPWAY_ASSIGN_OR_RETURN(const v1::Run run, queries.GetRun(name, SoonEnough()));
  std::unique_ptr<RunStream> stream(new RunStream(queries, run.name()));
  stream->watch_ = core.runs.Watch(run.id(), [waker] { waker.Wake(); });
  return stream;
}

absl::StatusOr<RunStream::Step> RunStream::Next() {
  SLIPWAY_ASSIGN_OR_RETURN(v1::Run run, queries_.GetRun(name_, SoonEnough()));
  std::string bytes = run.SerializeAsString();
  if (bytes == sent_) return Step{};
  sent_ = std::move(bytes);
  const bool end = IsFinal(run.state());
  return Step{.message = std::move(run), .end = end};
}

absl::StatusOr<std::unique_ptr<rpc::StreamSource<v1::LogChunk>>> LogStream::Open(
    Core& core, LogReader& reader, const v1::TailLogRequest& request, rpc::StreamWaker waker) {
  SLIPWAY_ASSIGN_OR_RETURN(std::unique_ptr<LogFollower> follower,
                           LogFollower::Open(core, reader, request));
  const int64_t job = follower->job_id();
  std::unique_ptr<LogStream> stream(new LogStream(std::move(follower)));
  if (request.follow()) stream->watch_ = core.logs.Watch(job, [waker] { waker.Wake(); });
  return stream;
}

absl::StatusOr<LogStream::Step> LogStream::Next() {
  SLIPWAY_ASSIGN_OR_RETURN(LogFollower::Step step, follower_->Next());
  return Step{.message = std::move(step.chunk), .end = step.end};
}

}  // namespace slipway::build
