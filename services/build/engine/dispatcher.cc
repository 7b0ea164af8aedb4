#include "services/build/engine/dispatcher.h"

#include <algorithm>
#include <functional>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/log/log.h"
#include "services/build/domain/lease.h"
#include "services/build/domain/states.h"
#include "services/build/store/run_store.h"
#include "services/build/store/runner_store.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kDatabaseTime = absl::Seconds(5);
constexpr absl::Duration kPeerTime = absl::Seconds(5);
// A lease that can't be made yet is tried again after this time.
constexpr absl::Duration kPostpone = absl::Seconds(1);
constexpr int kBatch = 64;

// Errors that another try can't change.
bool IsLasting(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
      return true;
    default:
      return false;
  }
}

}  // namespace

Dispatcher::Dispatcher(Core& core, PipelinePeer& pipeline)
    : core_(core),
      pipeline_(pipeline),
      loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

absl::Duration Dispatcher::Pass(const std::stop_token& stop) {
  while (!stop.stop_requested() && RunOnce() > 0) {
  }
  return core_.limits.sweep;
}

int Dispatcher::RunOnce() {
  auto candidates = FindCandidates();
  if (!candidates.ok()) {
    log::Warn("dispatch.failed", "ready jobs can't be read",
              {{"error", MessageOf(candidates.status())}});
    return 0;
  }
  if (candidates->empty()) return 0;
  Secrets secrets;
  int handed_over = 0;
  for (const Candidate& candidate : Prepare(*std::move(candidates), secrets)) {
    const auto leased = Claim(candidate);
    if (!leased.ok()) {
      log::Warn(
          "dispatch.claim_failed", "a job can't be claimed",
          {{"job", candidate.at.FullName().ToString()}, {"error", MessageOf(leased.status())}});
      continue;
    }
    if (*leased && HandOver(candidate, **leased, secrets)) ++handed_over;
  }
  return handed_over;
}

absl::StatusOr<std::vector<Dispatcher::Candidate>> Dispatcher::FindCandidates() {
  const auto sessions = core_.hub.Sessions();
  std::vector<Candidate> candidates;
  if (sessions.empty()) return candidates;
  return db::RunTx(
      core_.pool, "dispatch.find", kDatabaseTime,
      [&](db::Tx& tx) -> absl::StatusOr<std::vector<Candidate>> {
        candidates.clear();
        SLIPWAY_ASSIGN_OR_RETURN(const std::vector<ReadyJob> ready, ReadyJobs(tx, kBatch));
        if (ready.empty()) return candidates;
        struct Free {
          std::shared_ptr<RunnerSession> runner;
          int slots;
        };
        std::vector<Free> free;
        for (const auto& session : sessions) {
          const auto runner = GetRunner(tx, session->runner());
          if (!runner.ok()) continue;
          const int slots = runner->paused ? 0 : session->slots() - runner->jobs;
          if (slots > 0) free.push_back({session, slots});
        }
        for (const ReadyJob& job : ready) {
          const auto best =
              std::max_element(free.begin(), free.end(),
                               [](const Free& a, const Free& b) { return a.slots < b.slots; });
          if (best == free.end() || best->slots == 0) break;
          Candidate candidate;
          SLIPWAY_ASSIGN_OR_RETURN(candidate.at.run, GetRunById(tx, job.run_id));
          SLIPWAY_ASSIGN_OR_RETURN(const std::vector<JobRecord> jobs, JobsOfRun(tx, job.run_id));
          for (const JobRecord& record : jobs) {
            if (record.id == job.job_id) candidate.at.job = record;
          }
          SLIPWAY_ASSIGN_OR_RETURN(candidate.plan, LoadPlan(tx, candidate.at.run.plan_digest));
          candidate.tag = candidate.at.run.image_tag;
          candidate.runner = best->runner;
          best->slots -= 1;
          candidates.push_back(std::move(candidate));
        }
        return candidates;
      });
}

std::vector<Dispatcher::Candidate> Dispatcher::Prepare(std::vector<Candidate> candidates,
                                                       Secrets& secrets) {
  // Once pipeline is away, the others are not asked for one by one: each could take its whole time.
  absl::Status away;
  const auto ask = [&away](bool needed, const std::function<absl::Status()>& question) {
    if (!needed) return absl::OkStatus();
    if (!away.ok()) return away;
    absl::Status answer = question();
    if (!answer.ok() && !IsLasting(answer)) away = answer;
    return answer;
  };
  std::vector<Candidate> prepared;
  SecretNeeds all;
  for (Candidate& candidate : candidates) {
    const absl::Status status = ask(NeedsTag(candidate), [&] { return ReserveTag(candidate); });
    if (!status.ok()) {
      GiveUp(candidate, status);
      continue;
    }
    all.Add(NeedsOf(candidate));
    prepared.push_back(std::move(candidate));
  }
  if (ask(!all.empty(), [&] { return Resolve(all, secrets); }).ok()) return prepared;
  // One job's missing secret must not stop the others.
  std::vector<Candidate> resolved;
  for (Candidate& candidate : prepared) {
    const SecretNeeds needs = NeedsOf(candidate);
    const absl::Status status = ask(!needs.empty(), [&] { return Resolve(needs, secrets); });
    if (status.ok()) {
      resolved.push_back(std::move(candidate));
    } else {
      GiveUp(candidate, status);
    }
  }
  return resolved;
}

bool Dispatcher::NeedsTag(const Candidate& candidate) {
  return candidate.tag.empty() && PatternBuild(candidate.plan) != nullptr;
}

SecretNeeds Dispatcher::NeedsOf(const Candidate& candidate) {
  const plan::v1::Job* job = FindJob(candidate.plan, candidate.at.job.name);
  return job == nullptr ? SecretNeeds() : SecretsOf(candidate.plan, *job);
}

absl::Status Dispatcher::ReserveTag(Candidate& candidate) {
  const plan::v1::ImageBuild* image = PatternBuild(candidate.plan);
  SLIPWAY_ASSIGN_OR_RETURN(
      candidate.tag,
      pipeline_.ReserveImageTag({.workflow = candidate.plan.workflow(),
                                 .pattern = image->tag_pattern(),
                                 .registry_host = image->registry_host(),
                                 .repository = image->repository(),
                                 .key = candidate.at.run.name.ToString()},
                                {absl::Now() + kPeerTime, candidate.at.run.traceparent}));
  return absl::OkStatus();
}

absl::Status Dispatcher::Resolve(const SecretNeeds& needs, Secrets& secrets) {
  if (needs.empty()) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(Secrets resolved,
                           pipeline_.ResolveSecrets(needs, {.deadline = absl::Now() + kPeerTime}));
  secrets.git_accounts.merge(resolved.git_accounts);
  secrets.registries.merge(resolved.registries);
  secrets.values.merge(resolved.values);
  return absl::OkStatus();
}

void Dispatcher::GiveUp(const Candidate& candidate, const absl::Status& why) {
  const absl::Status changed =
      core_.ChangeRun("dispatch.give_up", absl::Now() + kDatabaseTime, candidate.at.run.id,
                      [&](db::Tx& tx, RunAggregate& run) -> absl::Status {
                        const int job = run.FindJobById(candidate.at.job.id);
                        if (job < 0 || run.jobs()[job].state != v1::PENDING)
                          return absl::OkStatus();
                        if (IsLasting(why)) {
                          run.EndJob(job, v1::FAILED, MessageOf(why), core_.clock.Now());
                          return absl::OkStatus();
                        }
                        run.Postpone(job, "waits for the pipeline service: " + MessageOf(why));
                        return DelayJob(tx, candidate.at.job.id, kPostpone);
                      });
  if (!changed.ok()) {
    log::Warn("dispatch.give_up_failed", "a job that can't be leased can't be changed",
              {{"job", candidate.at.FullName().ToString()}, {"error", MessageOf(changed)}});
  }
}

absl::StatusOr<std::optional<JobOfRun>> Dispatcher::Claim(const Candidate& candidate) {
  return db::RunTx(
      core_.pool, "dispatch.claim", kDatabaseTime,
      [&](db::Tx& tx) -> absl::StatusOr<std::optional<JobOfRun>> {
        SLIPWAY_ASSIGN_OR_RETURN(std::optional<RunAggregate> run,
                                 TryLockRun(tx, candidate.at.run.id));
        if (!run) return std::optional<JobOfRun>();
        const int job = run->FindJobById(candidate.at.job.id);
        if (job < 0 || run->jobs()[job].state != v1::PENDING || candidate.runner->closed()) {
          if (IsFinal(run->run().state) && !run->run().tag_pattern.empty() &&
              run->run().image_tag.empty()) {
            // The run ended while its tag was being reserved.
            run->ReleaseTagAgain();
            SLIPWAY_RETURN_IF_ERROR(core_.Save(tx, *run));
          }
          return std::optional<JobOfRun>();
        }
        if (run->run().image_tag != candidate.tag) run->SetImageTag(candidate.tag);
        run->Lease(job, candidate.runner->runner(), candidate.runner->session(), core_.clock.Now());
        SLIPWAY_RETURN_IF_ERROR(core_.Save(tx, *run));
        return std::optional<JobOfRun>(run->Get(job));
      });
}

bool Dispatcher::HandOver(const Candidate& candidate, const JobOfRun& leased,
                          const Secrets& secrets) {
  auto lease = MakeLease(leased, candidate.plan, secrets);
  v1::LeaseMessage message;
  if (lease.ok()) {
    *message.mutable_lease() = *std::move(lease);
    if (candidate.runner->Push(std::move(message))) return true;
  }
  const absl::Status changed = core_.ChangeRun(
      "dispatch.take_back", absl::Now() + kDatabaseTime, leased.run.id,
      [&](db::Tx&, RunAggregate& run) {
        const int job = run.FindJobById(leased.job.id);
        if (run.jobs()[job].state != v1::RUNNING || run.jobs()[job].fence != leased.job.fence) {
          return absl::OkStatus();
        }
        if (lease.ok()) {
          run.TakeBack(job, "runner " + leased.job.runner + " went away before it got the job");
        } else {
          run.EndJob(job, v1::FAILED, MessageOf(lease.status()), core_.clock.Now());
        }
        return absl::OkStatus();
      });
  if (!changed.ok()) {
    log::Warn("dispatch.take_back_failed", "a lease that was not handed over ends by its time",
              {{"job", leased.FullName().ToString()}, {"error", MessageOf(changed)}});
  }
  return false;
}

absl::StatusOr<v1::Lease> Dispatcher::LeaseAgain(const JobOfRun& held) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const plan::v1::Plan plan,
      db::RunTx(core_.pool, "dispatch.lease_again", kDatabaseTime,
                [&](db::Tx& tx) { return LoadPlan(tx, held.run.plan_digest); }));
  Secrets secrets;
  if (const plan::v1::Job* job = FindJob(plan, held.job.name)) {
    SLIPWAY_RETURN_IF_ERROR(Resolve(SecretsOf(plan, *job), secrets));
  }
  return MakeLease(held, plan, secrets);
}

}  // namespace slipway::build
