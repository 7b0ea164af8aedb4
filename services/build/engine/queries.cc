#include "services/build/engine/queries.h"

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/messages.h"
#include "services/build/domain/states.h"
#include "services/build/engine/waiting.h"
#include "services/build/store/image_store.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

struct RunWithJobs {
  RunRecord run;
  std::vector<JobRecord> jobs;
};

absl::StatusOr<RunWithJobs> Read(Core& core, const RunName& name, absl::Time deadline) {
  return db::RunTx(core.pool, "queries.run", deadline,
                   [&](db::Tx& tx) -> absl::StatusOr<RunWithJobs> {
                     RunWithJobs found;
                     SLIPWAY_ASSIGN_OR_RETURN(found.run, GetRun(tx, name));
                     SLIPWAY_ASSIGN_OR_RETURN(found.jobs, JobsOfRun(tx, found.run.id));
                     SLIPWAY_RETURN_IF_ERROR(ExplainWaiting(core, tx, found.run, found.jobs));
                     return found;
                   });
}

// Runs, of which those that have not started say what they wait for.
absl::StatusOr<std::vector<RunRecord>> ReadRuns(Core& core, db::Tx& tx, const RunFilter& filter) {
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<RunRecord> runs, ListRuns(tx, filter));
  for (RunRecord& run : runs) {
    if (run.state != v1::PENDING) continue;
    SLIPWAY_ASSIGN_OR_RETURN(std::vector<JobRecord> jobs, JobsOfRun(tx, run.id));
    SLIPWAY_RETURN_IF_ERROR(ExplainWaiting(core, tx, run, jobs));
  }
  return runs;
}

std::string FullRef(const std::string& branch) {
  return branch.empty() || branch.starts_with("refs/") ? branch : "refs/heads/" + branch;
}

}  // namespace

absl::StatusOr<v1::Run> Queries::GetRun(const std::string& text, absl::Time deadline) {
  const auto name = RunName::Parse(text);
  if (!name) return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W/runs/N");
  SLIPWAY_ASSIGN_OR_RETURN(const RunWithJobs found, Read(core_, *name, deadline));
  v1::Run message = RunMessage(found.run);
  for (const JobRecord& job : found.jobs) *message.add_jobs() = JobMessage(found.run.name, job);
  return message;
}

absl::StatusOr<v1::ListRunsResponse> Queries::ListRuns(
    const v1::ListRunsRequest& request, const std::function<bool(const AppName&)>& may_view,
    absl::Time deadline) {
  const auto parent = WorkflowName::Parse(request.parent());
  if (!parent || parent->project == "-") {
    return InvalidField(
        "parent", "is not of the form projects/P/apps/A/workflows/W; \"-\" may stand for A and W");
  }
  const std::string filter_text = "runs " + request.parent() + " " + request.branch() + " " +
                                  StateText(request.state()) + " " + request.actor();
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 50, 500));
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<rpc::TimePlace> place,
                           rpc::ReadTimePageToken(filter_text, request.page_token()));
  RunFilter filter;
  filter.parent = *parent;
  filter.ref = FullRef(request.branch());
  filter.state = request.state();
  filter.actor = request.actor().empty() || request.actor().find(':') != std::string::npos
                     ? request.actor()
                     : "user:" + request.actor();
  filter.limit = size + 1;
  if (place) {
    int64_t id = 0;
    if (!absl::SimpleAtoi(place->id, &id)) return rpc::BadPageToken();
    filter.before = {place->time, id};
  }
  v1::ListRunsResponse response;
  // Runs that the caller may not see are passed over until the page is full.
  while (response.runs_size() <= size) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::vector<RunRecord> runs,
                             db::RunTx(core_.pool, "queries.runs", deadline,
                                       [&](db::Tx& tx) { return ReadRuns(core_, tx, filter); }));
    for (const RunRecord& run : runs) {
      filter.before = {run.created, run.id};
      if (!may_view({run.name.workflow.project, run.name.workflow.app})) continue;
      if (response.runs_size() == size) {
        const v1::Run& last = response.runs(size - 1);
        const absl::Time time = rpc::FromTimestamp(last.create_time());
        response.set_next_page_token(
            rpc::PageToken(filter_text, rpc::TimePlace{time, std::to_string(last.id())}));
        return response;
      }
      *response.add_runs() = RunMessage(run);
    }
    if (static_cast<int>(runs.size()) < filter.limit) break;
  }
  return response;
}

absl::StatusOr<v1::Job> Queries::GetJob(const std::string& text, absl::Time deadline) {
  const auto name = JobName::Parse(text);
  if (!name)
    return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W/runs/N/jobs/J");
  SLIPWAY_ASSIGN_OR_RETURN(const RunWithJobs found, Read(core_, name->run, deadline));
  for (const JobRecord& job : found.jobs) {
    if (job.name == name->job) return JobMessage(found.run.name, job);
  }
  return JobNotFound(text);
}

absl::StatusOr<v1::ListJobsResponse> Queries::ListJobs(const v1::ListJobsRequest& request,
                                                       absl::Time deadline) {
  const auto name = RunName::Parse(request.parent());
  if (!name)
    return InvalidField("parent", "is not of the form projects/P/apps/A/workflows/W/runs/N");
  const std::string filter = "jobs " + request.parent();
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string place,
                           rpc::ReadPageToken(filter, request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(const RunWithJobs found, Read(core_, *name, deadline));
  int from = 0;
  if (!place.empty() && !absl::SimpleAtoi(place, &from)) return rpc::BadPageToken();
  v1::ListJobsResponse response;
  for (const JobRecord& job : found.jobs) {
    if (job.position < from) continue;
    if (response.jobs_size() == size) {
      response.set_next_page_token(rpc::PageToken(filter, std::to_string(job.position)));
      break;
    }
    *response.add_jobs() = JobMessage(found.run.name, job);
  }
  return response;
}

absl::StatusOr<v1::Image> Queries::GetImage(const std::string& text, absl::Time deadline) {
  const auto name = ImageName::Parse(text);
  if (!name) return InvalidField("name", "is not of the form projects/P/apps/A/images/ID");
  SLIPWAY_ASSIGN_OR_RETURN(const ImageRecord image,
                           db::RunTx(core_.pool, "queries.image", deadline,
                                     [&](db::Tx& tx) { return build::GetImage(tx, *name); }));
  return ImageMessage(image);
}

absl::StatusOr<v1::ListImagesResponse> Queries::ListImages(const v1::ListImagesRequest& request,
                                                           absl::Time deadline) {
  const auto parent = AppName::Parse(request.parent());
  if (!parent) return InvalidField("parent", "is not of the form projects/P/apps/A");
  const std::string filter_text = "images " + request.parent() + " " + request.workflow();
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 50, 500));
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<rpc::TimePlace> place,
                           rpc::ReadTimePageToken(filter_text, request.page_token()));
  ImageFilter filter;
  filter.app = *parent;
  filter.workflow = request.workflow();
  filter.limit = size + 1;
  if (place) filter.before = {place->time, place->id};
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<ImageRecord> images,
                           db::RunTx(core_.pool, "queries.images", deadline,
                                     [&](db::Tx& tx) { return build::ListImages(tx, filter); }));
  v1::ListImagesResponse response;
  for (const ImageRecord& image : images) {
    if (response.images_size() == size) {
      const ImageRecord& last = images[static_cast<size_t>(size) - 1];
      response.set_next_page_token(
          rpc::PageToken(filter_text, rpc::TimePlace{last.created, last.id}));
      break;
    }
    *response.add_images() = ImageMessage(image);
  }
  return response;
}

}  // namespace slipway::build
