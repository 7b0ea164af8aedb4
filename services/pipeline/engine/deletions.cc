#include "services/pipeline/engine/deletions.h"

#include <algorithm>
#include <chrono>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "libs/rpc/errors.h"
#include "services/pipeline/domain/references.h"
#include "services/pipeline/engine/errors.h"
#include "services/pipeline/engine/resource_message.h"
#include "services/pipeline/store/deletion_store.h"

namespace slipway::pipeline {
namespace {

constexpr auto kPause = std::chrono::seconds(1);
constexpr int kBatch = 32;

struct PipelineName {
  std::string workflow;
  std::string app;
  std::string environment;
};

absl::StatusOr<PipelineName> ParsePipelineName(std::string_view name) {
  constexpr std::string_view kCollection = "/deploymentPipelines/";
  const size_t at = name.find(kCollection);
  const std::string workflow(name.substr(0, at));
  if (at == std::string_view::npos || !ParseName(Kind::kWorkflow, workflow).ok()) {
    return InvalidField(
        "name", "expected a name like \"projects/P/apps/A/workflows/W/deploymentPipelines/E\"");
  }
  return PipelineName{workflow, AppNameOf(workflow),
                      std::string(name.substr(at + kCollection.size()))};
}

absl::StatusOr<v1::Workflow> Show(db::Tx& tx, const store::ResourceRow& row) {
  SLIPWAY_ASSIGN_OR_RETURN(auto facts, store::FindWorkflowFacts(tx, {row.id}));
  v1::Workflow workflow;
  FillResource(row, facts[row.id], &workflow);
  return workflow;
}

}  // namespace

absl::StatusOr<v1::Workflow> Deletions::DeletePipeline(const Caller& caller,
                                                       std::string_view name) const {
  SLIPWAY_ASSIGN_OR_RETURN(const PipelineName parts, ParsePipelineName(name));
  return db::RunTx(
      pool_, "deletions.delete_pipeline", caller.deadline,
      [&](db::Tx& tx) -> absl::StatusOr<v1::Workflow> {
        SLIPWAY_ASSIGN_OR_RETURN(const auto app, store::Find(tx, parts.app, store::Lock::kShare));
        if (!app) return rpc::ResourceNotFound(name);
        SLIPWAY_ASSIGN_OR_RETURN(std::optional<store::ResourceRow> workflow,
                                 store::Find(tx, parts.workflow, store::Lock::kUpdate));
        if (!workflow) return rpc::ResourceNotFound(name);
        SLIPWAY_ASSIGN_OR_RETURN(const auto pipelines,
                                 store::ListPipelinesOfWorkflow(tx, workflow->id));
        std::vector<std::string> known, after;
        bool deleting = false;
        for (const auto& pipeline : pipelines) {
          known.push_back(pipeline.environment);
          if (pipeline.environment == parts.environment) deleting = pipeline.deleting;
          if (pipeline.after == parts.environment && !pipeline.deleting)
            after.push_back(pipeline.environment);
        }
        if (std::find(known.begin(), known.end(), parts.environment) == known.end()) {
          return NoDeploymentPipeline(parts.app, parts.environment, known);
        }
        if (!after.empty())
          return OthersComeAfter(parts.app + "/environments/" + parts.environment, after);
        if (!deleting) {
          SLIPWAY_RETURN_IF_ERROR(store::MarkPipelineDeleting(tx, parts.app, parts.environment));
          SLIPWAY_RETURN_IF_ERROR(store::AddPending(tx, name, {"gitops"}));
          SLIPWAY_RETURN_IF_ERROR(saver_.Emit(tx, "deployment_pipeline.deleting", name, app->uid));
          SLIPWAY_ASSIGN_OR_RETURN(workflow,
                                   store::Update(tx, workflow->id, workflow->spec, std::nullopt));
          if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, std::string(name)));
        }
        return Show(tx, *workflow);
      });
}

absl::Status Deletions::ConfirmPipeline(db::Tx& tx, std::string_view name,
                                        std::string_view app_uid) const {
  SLIPWAY_ASSIGN_OR_RETURN(const PipelineName parts, ParsePipelineName(name));
  SLIPWAY_ASSIGN_OR_RETURN(const auto app, store::Find(tx, parts.app, store::Lock::kShare));
  if (!app || app->uid != app_uid) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto workflow,
                           store::Find(tx, parts.workflow, store::Lock::kUpdate));
  if (!workflow) return absl::OkStatus();
  SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                           store::FindPipelines(tx, parts.app, {parts.environment}));
  if (rows.empty() || !rows[0].deleting || rows[0].workflow_id != workflow->id)
    return absl::OkStatus();
  v1::Workflow changed = ReadAs<v1::Workflow>(*workflow);
  auto* list = changed.mutable_spec()->mutable_deployment_pipelines();
  list->erase(std::remove_if(list->begin(), list->end(),
                             [&](const auto& p) { return p.environment() == parts.environment; }),
              list->end());
  SLIPWAY_RETURN_IF_ERROR(store::ConfirmPending(tx, name, "gitops").status());
  SLIPWAY_RETURN_IF_ERROR(store::DeletePipeline(tx, parts.app, parts.environment));
  SLIPWAY_RETURN_IF_ERROR(
      store::Update(tx, workflow->id, SerializeSpec(changed), std::nullopt).status());
  SLIPWAY_RETURN_IF_ERROR(store::ReplaceRefs(tx, workflow->id, ReferencesOf(changed)));
  return saver_.Emit(tx, "workflow.changed", workflow->name, app->uid);
}

absl::Status Deletions::ConfirmApp(db::Tx& tx, std::string_view name, std::string_view service,
                                   std::string_view app_uid) {
  SLIPWAY_RETURN_IF_ERROR(ParseName(Kind::kApp, name).status());
  if (service != "build" && service != "gitops")
    return InvalidField("service", "must be \"build\" or \"gitops\"");
  SLIPWAY_ASSIGN_OR_RETURN(const auto app, store::Find(tx, name, store::Lock::kUpdate));
  if (!app || app->uid != app_uid || !app->deleting) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(store::ConfirmPending(tx, name, service).status());
  tx.OnCommit([this] { Wake(); });
  return absl::OkStatus();
}

absl::Status Deletions::Confirm(const Caller& caller, std::string_view name,
                                std::string_view service, std::string_view app_uid) {
  const bool is_pipeline = name.find("/deploymentPipelines/") != std::string_view::npos;
  return db::RunTx(pool_, "deletions.confirm", caller.deadline, [&](db::Tx& tx) {
    return is_pipeline ? ConfirmPipeline(tx, name, app_uid)
                       : ConfirmApp(tx, name, service, app_uid);
  });
}

absl::Status Deletions::Finish(const std::string& subject) const {
  const std::string environment = subject.starts_with("environments/")
                                      ? subject.substr(std::string_view("environments/").size())
                                      : "";
  SLIPWAY_RETURN_IF_ERROR(delete_scope_(ProjectOf(subject), AppOf(subject), environment));
  return db::RunTx(pool_, "deletions.finish", absl::Seconds(10), [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const auto row, store::Find(tx, subject, store::Lock::kUpdate));
    SLIPWAY_RETURN_IF_ERROR(store::ConfirmPending(tx, subject, store::kOwnWork).status());
    if (!row || !row->deleting) return absl::OkStatus();
    if (row->kind == Kind::kApp) {
      SLIPWAY_RETURN_IF_ERROR(saver_.Emit(tx, "app.deleted", row->name, row->uid));
      tx.OnCommit(app_gone_);
    }
    return store::Delete(tx, *row);
  });
}

bool Deletions::WorkOnce() {
  const auto subjects = db::RunTx(pool_, "deletions.list", absl::Seconds(10),
                                  [&](db::Tx& tx) { return store::ListOwnWork(tx, kBatch); });
  if (!subjects.ok()) return false;
  bool all_done = true;
  for (const std::string& subject : *subjects) {
    const absl::Status status = Finish(subject);
    if (status.ok()) {
      log::Info("deletion.done", "deleted", {{"resource", subject}});
    } else {
      log::Warn("deletion.waits", "could not be finished yet; it is tried again",
                {{"resource", subject}, {"error", MessageOf(status)}});
      all_done = false;
    }
  }
  return all_done && static_cast<int>(subjects->size()) < kBatch;
}

void Deletions::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
}

void Deletions::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void Deletions::Wake() {
  {
    MutexLock lock(mu_);
    pending_ = true;
  }
  wake_.notify_all();
}

void Deletions::Loop(const std::stop_token& stop) {
  bool retry = false;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mu_);
      if (retry) {
        wake_.wait_for(lock, stop, kPause, [&] { return pending_; });
      } else {
        wake_.wait_for(lock, stop, 10 * kPause, [&] { return pending_; });
      }
      pending_ = false;
    }
    if (stop.stop_requested()) return;
    retry = !WorkOnce();
  }
}

}  // namespace slipway::pipeline
