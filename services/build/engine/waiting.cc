#include "services/build/engine/waiting.h"

#include <algorithm>
#include <map>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/build/domain/states.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {
namespace {

// Why no runner takes a job now; empty if one is about to.
absl::StatusOr<std::string> RunnerShortage(Core& core, db::Tx& tx) {
  const auto sessions = core.hub.Sessions();
  if (sessions.empty()) return std::string("waits for a runner: none is connected");
  int places = 0;
  int active = 0;
  for (const auto& session : sessions) {
    const auto runner = GetRunner(tx, session->runner());
    if (absl::IsNotFound(runner.status())) continue;
    if (!runner.ok()) return runner.status();
    if (runner->paused) continue;
    ++active;
    places += session->slots();
    if (runner->jobs < session->slots()) return std::string();
  }
  if (active == 0) return std::string("waits for a runner: all that are connected are paused");
  return "waits for a free runner: all " + std::to_string(places) + " places are taken";
}

std::string MissingNeeds(const JobRecord& job, const std::map<std::string, v1::State>& states) {
  std::vector<std::string> missing;
  for (const std::string& need : job.needs) {
    const auto it = states.find(need);
    if (it != states.end() && it->second != v1::SUCCEEDED) missing.push_back(need);
  }
  return "waits for " + Join(missing, ", ");
}

}  // namespace

absl::Status ExplainWaiting(Core& core, db::Tx& tx, RunRecord& run, std::vector<JobRecord>& jobs) {
  if (IsFinal(run.state)) return absl::OkStatus();
  std::map<std::string, v1::State> states;
  for (const JobRecord& job : jobs) states[job.name] = job.state;
  const bool any_ready = std::any_of(jobs.begin(), jobs.end(), [](const JobRecord& job) {
    return job.state == v1::PENDING && job.ready;
  });
  std::string shortage;
  if (any_ready) {
    SLIPWAY_ASSIGN_OR_RETURN(shortage, RunnerShortage(core, tx));
  }
  std::string first;
  for (JobRecord& job : jobs) {
    if (job.state != v1::PENDING) continue;
    if (!job.ready) {
      job.reason = MissingNeeds(job, states);
    } else if (!shortage.empty()) {
      job.reason = job.reason.empty() ? shortage : job.reason + "; " + shortage;
    }
    if (job.ready && first.empty()) first = job.reason;
  }
  const bool running = std::any_of(jobs.begin(), jobs.end(),
                                   [](const JobRecord& job) { return job.state == v1::RUNNING; });
  if (!running && !first.empty()) run.reason = first;
  return absl::OkStatus();
}

}  // namespace slipway::build
