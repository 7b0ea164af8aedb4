#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"
#include "libs/plan/compile.h"
#include "services/pipeline/engine/caller.h"
#include "services/pipeline/engine/repositories.h"
#include "services/pipeline/engine/secrets.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {

// Answers for the services above: Plans, which workflows a push is for, how an app is deployed,
// secret values of a job. Owned by App; thread-safe.
class Planner {
 public:
  Planner(db::Pool& pool, const Repositories& repositories, const Secrets& secrets)
      : pool_(pool), repositories_(repositories), secrets_(secrets) {}

  // Compiles and stores Plans; one result for each request. A request with commit, ref and
  // known_commit asks no git.
  absl::StatusOr<v1::CreatePlansResponse> CreatePlans(const Caller& caller,
                                                      const v1::CreatePlansRequest& request) const;

  absl::StatusOr<v1::FindWorkflowsResponse> FindWorkflows(
      const Caller& caller, const v1::FindWorkflowsRequest& request) const;

  absl::StatusOr<v1::ResolveDeploymentResponse> ResolveDeployment(
      const Caller& caller, const v1::ResolveDeploymentRequest& request) const;

  absl::StatusOr<v1::ResolveSecretsResponse> ResolveSecrets(
      const Caller& caller, const v1::ResolveSecretsRequest& request) const;

  // Deletes up to `limit` Plans that are 30 days old at `now`; how many.
  absl::StatusOr<int64_t> PruneOld(absl::Time now, int limit) const;

 private:
  struct Definitions;  // of one batch

  absl::StatusOr<Definitions> Load(db::Tx& tx, const v1::CreatePlansRequest& request,
                                   bool for_compile) const;
  // The commit of one request; asks git where it must.
  absl::StatusOr<plan::CommitFacts> FindCommit(const Caller& caller, const v1::PlanRequest& request,
                                               const Definitions& definitions) const;

  db::Pool& pool_;
  const Repositories& repositories_;
  const Secrets& secrets_;
};

}  // namespace slipway::pipeline
