#include "services/gitops/domain/deployer.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "libs/telemetry/trace_context.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/decide.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/store/deployment_store.h"
#include "services/gitops/store/environment_store.h"
#include "services/gitops/store/image_store.h"
#include "services/gitops/store/provider_store.h"
#include "services/gitops/store/source_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using slipway::pipeline::v1::ResolveDeploymentResponse;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(2);
constexpr int kBatch = 50;

std::string NamespaceOf(const ResolveDeploymentResponse& resolved, const AppEnvironment& where) {
  const std::string& name = resolved.environment().spec().namespace_();
  return name.empty() ? where.environment : name;
}

std::string ClusterOf(const ResolveDeploymentResponse& resolved) {
  return resolved.cluster().spec().has_kubernetes() ? resolved.environment().spec().cluster()
                                                    : kLocalCluster;
}

bool IsAutomatic(const ResolveDeploymentResponse& resolved) {
  return resolved.pipeline().trigger() != slipway::pipeline::v1::MANUAL;
}

journal::Verdict ToJournal(slipway::records::v1::Record::Verdict verdict) {
  return static_cast<journal::Verdict>(verdict);
}

std::string TraceIdOf(const std::string& traceparent) {
  const auto trace = telemetry::TraceContext::Parse(traceparent);
  return trace ? trace->trace_id : "";
}

// A decision against a deployment, kept with the image that it is about.
absl::Status Record(db::Tx& tx, const ImageRecord& image, const AppEnvironment& where,
                    const CandidateDecision& decision) {
  const std::string event = decision.verdict == slipway::records::v1::Record::WAITING
                                ? "deployment.waits_for_person"
                                : "deployment.not_started";
  return journal::Append(tx,
                         {.subject = image.name,
                          .kind = "image",
                          .event = event,
                          .verdict = ToJournal(decision.verdict),
                          .rule = decision.rule,
                          .message = where.Short() + ": " + decision.message,
                          .values = decision.values,
                          .related = {where.Name(), image.run},
                          .trace_id = TraceIdOf(image.traceparent),
                          .project = where.project,
                          .app = where.app});
}

}  // namespace

absl::Status Deployer::OnImage(db::Tx& tx, const slipway::build::v1::ImageCreated& event) {
  SLIPWAY_ASSIGN_OR_RETURN(const ImageRecord image, FromEvent(event));
  SLIPWAY_RETURN_IF_ERROR(images::Add(tx, image));
  for (const auto& target : event.targets()) {
    if (!target.after().empty()) continue;
    SLIPWAY_RETURN_IF_ERROR(work::AddCandidate(
        tx, image.name, {image.project, image.app, target.environment()}, image.app_uid));
  }
  tx.OnCommit([this] { Wake(); });
  return absl::OkStatus();
}

absl::Duration Deployer::Pass() {
  std::vector<work::Candidate> candidates;
  std::vector<work::Promotion> promotions;
  const absl::Status read =
      db::RunTx(pool_, "deployer.due", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(promotions, work::DuePromotions(tx, kBatch));
        SLIPWAY_ASSIGN_OR_RETURN(candidates, work::DueCandidates(tx, kBatch));
        return absl::OkStatus();
      });
  if (!read.ok()) {
    log::Warn("deployer.unavailable", "the database did not answer", {{"error", MessageOf(read)}});
    return absl::Seconds(1);
  }
  for (const work::Promotion& promotion : promotions) {
    const absl::Status done = Promote(promotion);
    if (done.ok()) continue;
    log::Warn("promotion.postponed", "is tried again", {{"error", MessageOf(done)}});
    db::RunTx(pool_, "promotions.postpone", kTxTime, [&](db::Tx& tx) {
      return work::PostponePromotion(tx, promotion.deployment_id, BackOff(promotion.attempts));
    }).IgnoreError();
  }
  for (const work::Candidate& candidate : candidates) {
    const absl::Status done = Decide(candidate);
    if (done.ok()) continue;
    log::Warn("candidate.postponed", "is tried again",
              {{"image", candidate.image_name},
               {"environment", candidate.where.environment},
               {"error", MessageOf(done)}});
    db::RunTx(pool_, "candidates.postpone", kTxTime, [&](db::Tx& tx) {
      return work::PostponeCandidate(tx, candidate.id, BackOff(candidate.attempts));
    }).IgnoreError();
  }
  if (!promotions.empty() || static_cast<int>(candidates.size()) == kBatch)
    return absl::ZeroDuration();
  return candidates.empty() ? kIdle : absl::Milliseconds(200);
}

absl::Status Deployer::Decide(const work::Candidate& candidate) {
  const AppEnvironment& where = candidate.where;
  const auto resolved = pipeline_.ResolveDeployment(where);
  if (!resolved.ok() && !absl::IsNotFound(resolved.status())) return resolved.status();
  return db::RunTx(pool_, "deployer.decide", kTxTime, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(work::FinishCandidate(tx, candidate.id));
    SLIPWAY_ASSIGN_OR_RETURN(const auto image, images::Get(tx, candidate.image_name));
    if (!image) return absl::OkStatus();
    SLIPWAY_ASSIGN_OR_RETURN(const bool going, work::IsBeingRemoved(tx, where, candidate.app_uid));
    if (going || !resolved.ok() || resolved->app_uid() != candidate.app_uid) {
      CandidateDecision gone;
      gone.verdict = slipway::records::v1::Record::SKIPPED;
      gone.rule = "deploymentPipelines";
      gone.message = "there is no deployment pipeline for this environment any more";
      return Record(tx, *image, where, gone);
    }
    CandidateFacts facts{.where = where, .image = *image};
    facts.automatic = IsAutomatic(*resolved);
    facts.after = resolved->pipeline().after();
    if (!facts.after.empty()) {
      SLIPWAY_ASSIGN_OR_RETURN(facts.healthy_in_after,
                               deployments::WasHealthy(tx, {where.project, where.app, facts.after},
                                                       image->app_uid, image->digest));
    }
    SLIPWAY_ASSIGN_OR_RETURN(const auto provider, providers::GetInForce(tx));
    if (provider) facts.active_provider = provider->Name();
    SLIPWAY_ASSIGN_OR_RETURN(facts.newest_order, deployments::NewestOrder(tx, where, *image));
    SLIPWAY_ASSIGN_OR_RETURN(facts.deployed_by, deployments::DeployedBy(tx, where, *image));
    SLIPWAY_ASSIGN_OR_RETURN(const auto environment, environments::Get(tx, where));
    if (environment && environment->app_uid == image->app_uid)
      facts.pinned_by = environment->pinned_by;
    SLIPWAY_ASSIGN_OR_RETURN(facts.pin_floor,
                             environments::PinFloor(tx, where, image->workflow, image->ref));
    const CandidateDecision decision = gitops::Decide(facts);
    if (!decision.deploy) return Record(tx, *image, where, decision);
    return lifecycle_
        .Create(tx, {.where = where,
                     .app_uid = image->app_uid,
                     .image = *image,
                     .deploy = resolved->deploy(),
                     .strategy = resolved->pipeline().strategy(),
                     .cluster = ClusterOf(*resolved),
                     .k8s_namespace = NamespaceOf(*resolved, where),
                     .own_repository = resolved->gitops_repository(),
                     .actor = "automatic",
                     .why = decision.message,
                     .rule = decision.rule,
                     .values = decision.values,
                     .traceparent = image->traceparent,
                     .repository = resolved->repository()})
        .status();
  });
}

absl::Status Deployer::Promote(const work::Promotion& promotion) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto deployment,
                           db::RunTx(pool_, "deployer.promoted", kTxTime, [&](db::Tx& tx) {
                             return deployments::GetById(tx, promotion.deployment_id);
                           }));
  absl::StatusOr<ResolveDeploymentResponse> resolved = absl::NotFoundError("no deployment");
  if (deployment) resolved = pipeline_.ResolveDeployment(deployment->where);
  if (!resolved.ok() && !absl::IsNotFound(resolved.status())) return resolved.status();
  return db::RunTx(pool_, "deployer.promote", kTxTime, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(work::FinishPromotion(tx, promotion.deployment_id));
    if (!resolved.ok() || resolved->app_uid() != deployment->app_uid) return absl::OkStatus();
    for (const std::string& next : resolved->next()) {
      const AppEnvironment where{deployment->where.project, deployment->where.app, next};
      SLIPWAY_RETURN_IF_ERROR(
          work::AddCandidate(tx, deployment->image.name, where, deployment->app_uid));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<ImageRecord> Deployer::ChooseImage(db::Tx& tx,
                                                  const pb::CreateDeploymentRequest& request,
                                                  const AppEnvironment& where,
                                                  const ResolveDeploymentResponse& resolved) {
  const std::string& after = resolved.pipeline().after();
  if (request.image().empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto current, deployments::Get(tx, {.where = where}));
    if (current && current->app_uid == resolved.app_uid()) return current->image;
    SLIPWAY_ASSIGN_OR_RETURN(
        const auto newest,
        images::NewestAllowed(tx, resolved.app_uid(), resolved.workflow(), where, after));
    if (!newest) return NoImageYet(where, after);
    return *newest;
  }
  SLIPWAY_ASSIGN_OR_RETURN(const auto found, images::Find(tx, resolved.app_uid(), request.image()));
  if (found.empty()) return ImageUnknown(request.image(), where.AppName());
  const bool one = std::all_of(found.begin(), found.end(), [&](const ImageRecord& image) {
    return image.digest == found[0].digest;
  });
  if (!one) return ImageAmbiguous(request.image());
  if (!after.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const bool healthy,
                             deployments::WasHealthy(tx, {where.project, where.app, after},
                                                     resolved.app_uid(), found[0].digest));
    if (!healthy) return NeverHealthyIn(after, found[0].digest, where);
  }
  return found[0];
}

absl::StatusOr<pb::Deployment> Deployer::Finish(db::Tx& tx, const NewDeployment& make,
                                                const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto provider, providers::GetInForce(tx));
  if (!provider) return NoActiveProvider();
  SLIPWAY_ASSIGN_OR_RETURN(const bool going, work::IsBeingRemoved(tx, make.where, make.app_uid));
  if (going) return EnvironmentGoesAway(make.where);
  SLIPWAY_ASSIGN_OR_RETURN(const Deployment deployment, lifecycle_.Create(tx, make));
  if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, deployment.Name()));
  SLIPWAY_ASSIGN_OR_RETURN(const auto environment, environments::Get(tx, make.where));
  return ToProto(deployment, environment ? &*environment : nullptr);
}

absl::StatusOr<pb::Deployment> Deployer::Create(const pb::CreateDeploymentRequest& request,
                                                const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where,
                           ParseAppEnvironment(request.parent(), "parent"));
  SLIPWAY_ASSIGN_OR_RETURN(const auto resolved, pipeline_.ResolveDeployment(where));
  if (resolved.synced()) return CreateSynced(request, where, resolved, caller);
  return db::RunTx(pool_, "deployer.create", std::min(caller.deadline, absl::Now() + kTxTime),
                   [&](db::Tx& tx) -> absl::StatusOr<pb::Deployment> {
                     if (!request.request_id().empty()) {
                       SLIPWAY_ASSIGN_OR_RETURN(
                           const auto earlier,
                           deployments::GetByRequest(tx, where, request.request_id()));
                       if (earlier) return ToProto(*earlier, nullptr);
                     }
                     SLIPWAY_ASSIGN_OR_RETURN(const ImageRecord image,
                                              ChooseImage(tx, request, where, resolved));
                     return Finish(tx,
                                   {.where = where,
                                    .app_uid = resolved.app_uid(),
                                    .image = image,
                                    .deploy = resolved.deploy(),
                                    .strategy = resolved.pipeline().strategy(),
                                    .cluster = ClusterOf(resolved),
                                    .k8s_namespace = NamespaceOf(resolved, where),
                                    .own_repository = resolved.gitops_repository(),
                                    .actor = caller.actor,
                                    .why = caller.actor + " asked for it",
                                    .rule = "call",
                                    .request_id = request.request_id(),
                                    .traceparent = caller.traceparent,
                                    .repository = resolved.repository()},
                                   caller);
                   });
}

absl::StatusOr<pb::Deployment> Deployer::CreateSynced(const pb::CreateDeploymentRequest& request,
                                                      const AppEnvironment& where,
                                                      const ResolveDeploymentResponse& resolved,
                                                      const Caller& caller) {
  if (!request.image().empty()) {
    return InvalidField("image", "is not for an app that is only synced: it brings no image; its "
                                 "newest revision is deployed without");
  }
  if (!newest_source_) return absl::UnimplementedError("sources are not set up");
  SLIPWAY_ASSIGN_OR_RETURN(NewestSource newest, newest_source_(where, resolved));
  newest.make.actor = caller.actor;
  newest.make.why = caller.actor + " asked for it";
  newest.make.rule = "call";
  newest.make.request_id = request.request_id();
  newest.make.traceparent = caller.traceparent;
  return db::RunTx(
      pool_, "deployer.create_synced", std::min(caller.deadline, absl::Now() + kTxTime),
      [&](db::Tx& tx) -> absl::StatusOr<pb::Deployment> {
        if (!request.request_id().empty()) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto earlier,
                                   deployments::GetByRequest(tx, where, request.request_id()));
          if (earlier) return ToProto(*earlier, nullptr);
        }
        SLIPWAY_RETURN_IF_ERROR(
            sources::SetDeployed(tx, where, newest.make.image.commit, newest.key));
        return Finish(tx, newest.make, caller);
      });
}

absl::StatusOr<pb::Deployment> Deployer::Rollback(const pb::RollbackRequest& request,
                                                  const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const AppEnvironment where, ParseAppEnvironment(request.name(), "name"));
  if (request.to() < 0)
    return InvalidField("to", "is the number of a deployment, or 0 for the last healthy one");
  SLIPWAY_ASSIGN_OR_RETURN(const auto resolved, pipeline_.ResolveDeployment(where));
  return db::RunTx(
      pool_, "deployer.rollback", std::min(caller.deadline, absl::Now() + kTxTime),
      [&](db::Tx& tx) -> absl::StatusOr<pb::Deployment> {
        if (!request.request_id().empty()) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto earlier,
                                   deployments::GetByRequest(tx, where, request.request_id()));
          if (earlier) return ToProto(*earlier, nullptr);
        }
        SLIPWAY_ASSIGN_OR_RETURN(const auto current, deployments::Get(tx, {.where = where}));
        if (!current || current->app_uid != resolved.app_uid()) return NothingToRollBackTo(where);
        std::optional<Deployment> back;
        if (request.to() > 0) {
          SLIPWAY_ASSIGN_OR_RETURN(back,
                                   deployments::Get(tx, {.where = where, .number = request.to()}));
          if (!back) return DeploymentNotFound(DeploymentName{where, request.to()}.Name());
        } else {
          // Rolling back a rollback goes further back, not forth again.
          const int64_t before = current->rollback_of > 0 ? current->rollback_of : current->number;
          SLIPWAY_ASSIGN_OR_RETURN(back, deployments::LastHealthyOther(tx, *current, before));
          if (!back) return NothingToRollBackTo(where);
        }
        NewDeployment make{
            .where = where,
            .app_uid = current->app_uid,
            .image = back->image,
            .deploy = back->deploy,
            .strategy = back->strategy,
            .cluster = ClusterOf(resolved),
            .k8s_namespace = back->k8s_namespace,
            .own_repository = resolved.gitops_repository(),
            .actor = caller.actor,
            .why =
                caller.actor + " asked to roll back to deployment " + std::to_string(back->number) +
                "; the environment is held until an image comes that is newer than all known now",
            .rule = "call",
            .rollback_of = back->number,
            .pinned = true,
            .request_id = request.request_id(),
            .traceparent = caller.traceparent};
        if (request.config() == pb::DEPLOYED) {
          make.deploy = current->deploy;
          make.strategy = current->strategy;
          make.k8s_namespace = current->k8s_namespace;
        } else if (request.config() == pb::SAVED) {
          make.deploy = resolved.deploy();
          make.strategy = resolved.pipeline().strategy();
          make.k8s_namespace = NamespaceOf(resolved, where);
        }
        make.repository = resolved.repository();
        if (request.config() == pb::EARLIER || request.config() == pb::ROLLBACK_CONFIG_UNSPECIFIED) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto repository, sources::RepositoryOf(tx, back->id));
          if (repository) make.repository = *repository;
        }
        // The settings may be newer; the revision is what is gone back to.
        if (resolved.synced()) make.deploy.set_revision(back->image.commit);
        return Finish(tx, make, caller);
      });
}

}  // namespace slipway::gitops
