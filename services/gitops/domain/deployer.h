#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/peers.h"
#include "services/gitops/store/work_store.h"
#include "slipway/build/v1/build.pb.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops {

// A person's wish, with who it is.
struct Caller {
  std::string actor = {};
  std::string traceparent = {};
  absl::Time deadline = absl::InfiniteFuture();
  // Runs in the transaction of the change: the audit entry.
  std::function<absl::Status(db::Tx&, const std::string& resource)> audit = {};
};

// What an app that is only synced shall run now, and the key of it (see SourceRenderer).
struct NewestSource {
  NewDeployment make = {};
  std::string key = {};
};
using NewestSourceOf = std::function<absl::StatusOr<NewestSource>(
    const AppEnvironment& where, const slipway::pipeline::v1::ResolveDeploymentResponse& resolved)>;

// Makes deployments: of new images by itself, and as people ask. A new image becomes candidates in
// the transaction of its event; a background pass asks pipeline about each, decides and writes the
// decision. Owned by App; thread-safe.
class Deployer {
 public:
  Deployer(db::Pool& pool, PipelinePeer& pipeline, Lifecycle& lifecycle)
      : pool_(pool),
        pipeline_(pipeline),
        lifecycle_(lifecycle),
        loop_([this](const std::stop_token&) { return Pass(); }) {}

  // Once, before use; without it apps that are only synced are not deployed by hand.
  void SetSources(NewestSourceOf newest) { newest_source_ = std::move(newest); }

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // Keeps the image and its candidates: those directly behind the image.
  absl::Status OnImage(db::Tx& tx, const slipway::build::v1::ImageCreated& event);

  absl::StatusOr<slipway::gitops::v1::Deployment> Create(
      const slipway::gitops::v1::CreateDeploymentRequest& request, const Caller& caller);
  absl::StatusOr<slipway::gitops::v1::Deployment> Rollback(
      const slipway::gitops::v1::RollbackRequest& request, const Caller& caller);

  // One pass over what is due; how long until the next.
  absl::Duration Pass();

 private:
  absl::Status Decide(const work::Candidate& candidate);
  absl::Status Promote(const work::Promotion& promotion);
  absl::StatusOr<ImageRecord> ChooseImage(
      db::Tx& tx, const slipway::gitops::v1::CreateDeploymentRequest& request,
      const AppEnvironment& where,
      const slipway::pipeline::v1::ResolveDeploymentResponse& resolved);
  absl::StatusOr<slipway::gitops::v1::Deployment> CreateSynced(
      const slipway::gitops::v1::CreateDeploymentRequest& request, const AppEnvironment& where,
      const slipway::pipeline::v1::ResolveDeploymentResponse& resolved, const Caller& caller);
  absl::StatusOr<slipway::gitops::v1::Deployment> Finish(db::Tx& tx, const NewDeployment& make,
                                                         const Caller& caller);

  db::Pool& pool_;
  PipelinePeer& pipeline_;
  Lifecycle& lifecycle_;
  NewestSourceOf newest_source_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
