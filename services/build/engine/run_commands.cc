#include "services/build/engine/run_commands.h"

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/telemetry/trace_context.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/plan_facts.h"
#include "services/build/domain/states.h"
#include "services/build/store/outbox.h"

namespace slipway::build {
namespace {

constexpr int kMaxBatch = 256;

NewRunRecord MakeRecord(const plan::v1::Plan& plan, const std::string& traceparent) {
  NewRunRecord record;
  record.plan = SerialisePlan(plan);
  record.jobs = JobsOf(plan);
  RunRecord& run = record.run;
  run.name.workflow = *WorkflowName::Parse(plan.workflow());
  run.app_uid = plan.app_uid();
  run.plan_digest = Sha256Hex(record.plan);
  run.commit = plan.commit();
  run.ref = plan.ref();
  if (!plan.sources().empty()) {
    run.subject = plan.sources(0).subject();
    run.author = plan.sources(0).author();
  }
  if (const plan::v1::ImageBuild* image = PatternBuild(plan))
    run.tag_pattern = image->tag_pattern();
  const auto trace = telemetry::TraceContext::ParseOrNew(traceparent);
  run.traceparent = trace.ToString();
  run.trace_id = trace.trace_id;
  return record;
}

// The key of a person's request; without an id each request is one of its own.
std::string RequestKey(const std::string& verb, const std::string& resource,
                       const std::string& request_id, const std::string& actor) {
  const std::string id = request_id.empty() ? NewUlid(absl::Now()) : request_id;
  return "request/" + verb + "/" + resource + "/" + actor + "/" + id;
}

}  // namespace

absl::StatusOr<v1::CreateRunsResponse> RunCommands::CreateRuns(const v1::CreateRunsRequest& request,
                                                               const Caller& caller) {
  if (request.runs_size() > kMaxBatch) {
    return InvalidField("runs", "has more than " + std::to_string(kMaxBatch) + " entries");
  }
  v1::CreateRunsResponse response;
  std::vector<NewRunRecord> records;
  std::vector<v1::CreateRunsResponse::Result*> results;  // of `records`
  for (const v1::NewRun& wanted : request.runs()) {
    v1::CreateRunsResponse::Result& result = *response.add_results();
    absl::Status valid = ValidatePlan(wanted.plan());
    if (valid.ok() && wanted.idempotency_key().empty())
      valid = InvalidField("idempotency_key", "is empty");
    if (!valid.ok()) {
      result.set_error_code(static_cast<int>(valid.code()));
      result.set_error_message(MessageOf(valid));
      continue;
    }
    NewRunRecord record = MakeRecord(
        wanted.plan(), wanted.traceparent().empty() ? caller.traceparent : wanted.traceparent());
    record.idempotency_key = wanted.idempotency_key();
    record.run.cause = wanted.cause();
    record.run.actor = wanted.actor().empty() ? caller.actor : wanted.actor();
    record.run.delivery = wanted.delivery();
    record.run.order = wanted.order();
    records.push_back(std::move(record));
    results.push_back(&result);
  }
  if (records.empty()) return response;
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<InsertedRun> inserted,
                           db::RunTx(core_.pool, "runs.create", caller.deadline, [&](db::Tx& tx) {
                             tx.OnCommit([this] { core_.on_ready(); });
                             return InsertRuns(tx, records);
                           }));
  for (size_t i = 0; i < inserted.size(); ++i) {
    results[i]->set_name(inserted[i].run.name.ToString());
    results[i]->set_existed(inserted[i].existed);
  }
  return response;
}

absl::StatusOr<RunRecord> RunCommands::RunWorkflow(const v1::RunWorkflowRequest& request,
                                                   const Caller& caller) {
  const auto workflow = WorkflowName::Parse(request.name());
  if (!workflow) return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W");
  const std::string key = RequestKey("run", request.name(), request.request_id(), caller.actor);
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<RunRecord> existing, FindByKey(key, caller));
  if (existing) return *existing;
  SLIPWAY_ASSIGN_OR_RETURN(
      const plan::v1::Plan plan,
      pipeline_.CreatePlan({.workflow = request.name(),
                            .commit = request.commit(),
                            .ref = request.ref(),
                            .variables = {request.variables().begin(), request.variables().end()},
                            .ignore_cache = request.ignore_cache()},
                           {caller.deadline, caller.traceparent}));
  SLIPWAY_RETURN_IF_ERROR(ValidatePlan(plan));
  SLIPWAY_RETURN_IF_ERROR(CheckDeployments(plan, caller));
  NewRunRecord record = MakeRecord(plan, caller.traceparent);
  record.idempotency_key = key;
  record.run.cause = "manual";
  record.run.actor = caller.actor;
  return Insert(std::move(record), caller);
}

absl::StatusOr<RunRecord> RunCommands::RetryRun(const v1::RetryRunRequest& request,
                                                const Caller& caller) {
  const auto name = RunName::Parse(request.name());
  if (!name) return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W/runs/N");
  struct Earlier {
    RunRecord run;
    plan::v1::Plan plan;
  };
  SLIPWAY_ASSIGN_OR_RETURN(const Earlier earlier,
                           db::RunTx(core_.pool, "runs.retry_read", caller.deadline,
                                     [&](db::Tx& tx) -> absl::StatusOr<Earlier> {
                                       Earlier found;
                                       SLIPWAY_ASSIGN_OR_RETURN(found.run, GetRun(tx, *name));
                                       SLIPWAY_ASSIGN_OR_RETURN(
                                           found.plan, LoadPlan(tx, found.run.plan_digest));
                                       return found;
                                     }));
  const std::string earlier_name = earlier.run.name.ToString();
  if (!IsFinal(earlier.run.state)) return RunHasNotEnded(earlier_name, earlier.run.state);
  const std::string key = RequestKey("retry", earlier_name, request.request_id(), caller.actor);
  SLIPWAY_ASSIGN_OR_RETURN(const std::optional<RunRecord> existing, FindByKey(key, caller));
  if (existing) return *existing;
  SLIPWAY_RETURN_IF_ERROR(CheckDeployments(earlier.plan, caller));
  NewRunRecord record = MakeRecord(earlier.plan, caller.traceparent);
  record.idempotency_key = key;
  record.run.cause = "retry";
  record.run.actor = caller.actor;
  record.run.retry_of = earlier_name;
  record.run.delivery = earlier.run.delivery;
  // The same push, so the same place: what was pushed later stays newer.
  record.run.order = earlier.run.order;
  return Insert(std::move(record), caller);
}

absl::StatusOr<RunRecord> RunCommands::CancelRun(const std::string& text, const Caller& caller) {
  const auto name = RunName::Parse(text);
  if (!name) return InvalidField("name", "is not of the form projects/P/apps/A/workflows/W/runs/N");
  SLIPWAY_ASSIGN_OR_RETURN(const RunRecord found,
                           db::RunTx(core_.pool, "runs.cancel_read", caller.deadline,
                                     [&](db::Tx& tx) { return GetRun(tx, *name); }));
  std::optional<RunRecord> cancelled;
  SLIPWAY_RETURN_IF_ERROR(core_.ChangeRun(
      "runs.cancel", caller.deadline, found.id, [&](db::Tx&, RunAggregate& run) -> absl::Status {
        if (IsFinal(run.run().state)) return RunHasEnded(found.name.ToString(), run.run().state);
        run.Cancel(caller.actor, "cancelled by " + caller.actor, core_.clock.Now());
        cancelled = run.run();
        return absl::OkStatus();
      }));
  return *cancelled;
}

absl::StatusOr<std::optional<RunRecord>> RunCommands::FindByKey(const std::string& key,
                                                                const Caller& caller) {
  return db::RunTx(core_.pool, "runs.find_request", caller.deadline,
                   [&](db::Tx& tx) { return FindRunByKey(tx, key); });
}

absl::Status RunCommands::CheckDeployments(const plan::v1::Plan& plan, const Caller& caller) {
  const WorkflowName workflow = *WorkflowName::Parse(plan.workflow());
  for (const std::string& environment : AutomaticEnvironments(plan)) {
    if (caller.may_deploy({workflow.project, workflow.app}, environment)) continue;
    const absl::Status refusal = DeploysToForbidden(environment);
    const journal::Record record = {
        .subject = plan.workflow(),
        .kind = "workflow",
        .event = "run.refused",
        .verdict = journal::Verdict::kRefused,
        .rule = "deploymentPipelines",
        .message = MessageOf(refusal),
        .values = {{"actor", caller.actor}, {"environment", environment}},
        .trace_id = telemetry::TraceContext::ParseOrNew(caller.traceparent).trace_id,
        .project = workflow.project,
        .app = workflow.app};
    SLIPWAY_RETURN_IF_ERROR(db::RunTx(core_.pool, "runs.refuse", caller.deadline,
                                      [&](db::Tx& tx) { return WriteFacts(tx, {record}); }));
    return refusal;
  }
  return absl::OkStatus();
}

absl::StatusOr<RunRecord> RunCommands::Insert(NewRunRecord record, const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(
      const std::vector<InsertedRun> inserted,
      db::RunTx(core_.pool, "runs.insert_one", caller.deadline, [&](db::Tx& tx) {
        tx.OnCommit([this] { core_.on_ready(); });
        return InsertRuns(tx, {record});
      }));
  return inserted[0].run;
}

}  // namespace slipway::build
