#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/gitops/domain/deployment_state.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/sync_control.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::gitops {

// Fields that a deployment leaves to others on a Kubernetes cluster.
using IgnoredFields = google::protobuf::RepeatedPtrField<slipway::pipeline::v1::IgnoreDifference>;

using Health = slipway::gitops::v1::DeploymentStatus::Health;

// An image as build told it. A value.
struct ImageRecord {
  std::string name = {};  // projects/P/apps/A/images/ID
  std::string app_uid = {};
  std::string project = {};
  std::string app = {};
  std::string workflow = {};   // projects/P/apps/A/workflows/W
  std::string reference = {};  // HOST/REPOSITORY@sha256:...
  std::string digest = {};
  std::string tag = {};
  std::string run = {};
  std::string commit = {};
  std::string ref = {};
  int64_t order = 0;  // place among the images of its workflow and ref
  std::string subject = {};
  std::string traceparent = {};
  absl::Time time = {};
};

// One attempt to make an image run in an environment, as stored. A value.
struct Deployment {
  int64_t id = 0;
  AppEnvironment where = {};
  int64_t number = 0;
  std::string app_uid = {};
  DeploymentState state = DeploymentState::DeploymentStatus_State_PENDING;
  std::string reason = {};
  ImageRecord image = {};  // without tag and time
  std::string actor = {};
  int64_t rollback_of = 0;
  bool pinned = false;  // pins its environment, as long as the environment says so
  slipway::pipeline::v1::DeploySpec deploy = {};
  slipway::pipeline::v1::Strategy strategy = {};
  std::string cluster = {};  // id of the cluster that it is for
  std::string k8s_namespace = {};
  std::string commit = {};  // in the GitOps repository
  std::string url = {};
  std::string traceparent = {};
  absl::Time created = {};
  std::optional<absl::Time> progress_by = {};
  std::optional<absl::Time> ended = {};

  std::string Name() const { return DeploymentName{where, number}.Name(); }
};

// An app in an environment as stored: what is applied there and how it is. A value.
struct EnvironmentState {
  AppEnvironment where = {};
  std::string app_uid = {};
  int64_t last_number = 0;
  bool removed = false;
  int64_t pinned_by = 0;  // number of the deployment that holds it; 0: free
  std::string cluster = {};       // where it was applied last; "local" is this machine
  std::string k8s_namespace = {};
  IgnoredFields ignored = {};     // by what was applied last
  std::string applied_commit = {};
  std::string applied_tree = {};
  std::string applied_from = {};  // repository and branch, as RepositoryAccess::Place gives it
  Health health = Health::DeploymentStatus_Health_UNKNOWN;
  std::string drift = {};
  std::string url = {};
  SyncControl sync = {};
};

}  // namespace slipway::gitops
