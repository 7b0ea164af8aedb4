#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "services/build/domain/records.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::build {

// Questions that are answered by a Plan alone. Pure functions.

// SHA-256 of the deterministic serialisation, in hex.
std::string PlanDigest(const plan::v1::Plan& plan);
// The serialisation itself.
std::string SerialisePlan(const plan::v1::Plan& plan);

// INVALID_ARGUMENT naming the field, unless this service can execute the Plan: a workflow, at least
// one job, unique names, needs that exist and form no circle, a commit.
absl::Status ValidatePlan(const plan::v1::Plan& plan);

// Environments that a good image reaches without anybody's doing: automatic, and behind automatic
// ones only.
std::vector<std::string> AutomaticEnvironments(const plan::v1::Plan& plan);

// Jobs as they stand when the run is created.
std::vector<JobRecord> JobsOf(const plan::v1::Plan& plan);

// The image build of the Plan whose tag has a pattern; null where there is none.
const plan::v1::ImageBuild* PatternBuild(const plan::v1::Plan& plan);

// Tag of images without a pattern: the commit's first twelve digits, "-" and the run's id, which no
// other run has, so that two workflows that build the same commit do not take each other's tag.
std::string DefaultTag(const std::string& commit, int64_t run_id);

// What a lease of one job needs from pipeline. Each list is sorted and without repetition.
struct SecretNeeds {
  std::vector<std::string> git_accounts = {};
  std::vector<std::string> registries = {};
  std::vector<std::string> secrets = {};

  bool empty() const { return git_accounts.empty() && registries.empty() && secrets.empty(); }
  void Add(const SecretNeeds& other);
};
SecretNeeds SecretsOf(const plan::v1::Plan& plan, const plan::v1::Job& job);

}  // namespace slipway::build
