#include "services/build/domain/lease.h"

#include "libs/base/status.h"
#include "services/build/domain/errors.h"
#include "services/build/domain/plan_facts.h"

namespace slipway::build {
namespace {

absl::Status AddCredentials(const std::vector<std::string>& names,
                            const std::map<std::string, v1::JobCredential>& from,
                            google::protobuf::Map<std::string, v1::JobCredential>& to) {
  for (const std::string& name : names) {
    const auto it = from.find(name);
    if (it == from.end()) return SecretMissing(name);
    to[name] = it->second;
  }
  return absl::OkStatus();
}

}  // namespace

const plan::v1::Job* FindJob(const plan::v1::Plan& plan, const std::string& name) {
  for (const auto& job : plan.jobs()) {
    if (job.name() == name) return &job;
  }
  return nullptr;
}

absl::StatusOr<v1::Lease> MakeLease(const JobOfRun& leased, const plan::v1::Plan& plan,
                                    const Secrets& secrets) {
  const plan::v1::Job* job = FindJob(plan, leased.job.name);
  if (job == nullptr) return JobNotFound(leased.FullName().ToString());
  v1::Lease lease;
  *lease.mutable_key() = leased.Key();
  lease.set_attempt(leased.job.attempt);
  *lease.mutable_job() = *job;
  *lease.mutable_sources() = plan.sources();
  for (const auto& variable : plan.variables()) {
    v1::JobVariable& to = *lease.add_variables();
    to.set_key(variable.key());
    to.set_masked(variable.masked());
    if (variable.secret().empty()) {
      to.set_value(variable.value());
      continue;
    }
    const auto it = secrets.values.find(variable.secret());
    if (it == secrets.values.end()) return SecretMissing(variable.secret());
    to.set_value(it->second);
    to.set_masked(true);
  }
  const SecretNeeds needs = SecretsOf(plan, *job);
  SLIPWAY_RETURN_IF_ERROR(
      AddCredentials(needs.git_accounts, secrets.git_accounts, *lease.mutable_git_credentials()));
  SLIPWAY_RETURN_IF_ERROR(
      AddCredentials(needs.registries, secrets.registries, *lease.mutable_registry_credentials()));
  lease.set_image_tag(leased.run.image_tag);
  lease.set_ref(leased.run.ref);
  lease.set_traceparent(leased.run.traceparent);
  return lease;
}

}  // namespace slipway::build
