#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/wake_loop.h"
#include "services/build/engine/core.h"
#include "services/build/engine/peers.h"
#include "services/build/store/job_store.h"

namespace slipway::build {

// Brings ready jobs to connected runners: finds them, gets what their leases need (tag,
// credentials, secrets), claims them, and pushes them on the runners' streams. Woken by whatever
// makes a job ready or a runner free, and each second for what other processes did. Owned by App;
// one thread.
class Dispatcher {
 public:
  Dispatcher(Core& core, PipelinePeer& pipeline);

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // One round; returns the number of jobs that were handed over. Called by the thread, and by
  // tests.
  int RunOnce();

  // The lease of a job that a runner holds already, with fresh secrets.
  absl::StatusOr<v1::Lease> LeaseAgain(const JobOfRun& held);

 private:
  struct Candidate {
    JobOfRun at = {};
    plan::v1::Plan plan = {};
    std::string tag = {};
    std::shared_ptr<RunnerSession> runner = {};
  };

  absl::Duration Pass(const std::stop_token& stop);
  absl::StatusOr<std::vector<Candidate>> FindCandidates();
  // Candidates that keep their place; the others are failed or postponed.
  std::vector<Candidate> Prepare(std::vector<Candidate> candidates, Secrets& secrets);
  static bool NeedsTag(const Candidate& candidate);
  static SecretNeeds NeedsOf(const Candidate& candidate);
  absl::Status ReserveTag(Candidate& candidate);
  absl::Status Resolve(const SecretNeeds& needs, Secrets& secrets);
  // Fails the job, or has it wait, as the error asks for.
  void GiveUp(const Candidate& candidate, const absl::Status& why);
  // The job as it is leased now; nothing when it can't be any more.
  absl::StatusOr<std::optional<JobOfRun>> Claim(const Candidate& candidate);
  bool HandOver(const Candidate& candidate, const JobOfRun& leased, const Secrets& secrets);

  Core& core_;
  PipelinePeer& pipeline_;
  WakeLoop loop_;
};

}  // namespace slipway::build
