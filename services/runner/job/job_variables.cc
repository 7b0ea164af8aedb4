#include "services/runner/job/job_variables.h"

#include "absl/time/time.h"
#include "libs/base/encoding.h"
#include "libs/base/strings.h"
#include "libs/rpc/timestamp.h"

namespace slipway::runner {
namespace {

constexpr absl::Duration kDefaultJobTimeout = absl::Hours(1);
constexpr std::string_view kBranchPrefix = "refs/heads/";
constexpr std::string_view kTagPrefix = "refs/tags/";

std::string Without(std::string_view prefix, const std::string& ref) {
  return ref.rfind(prefix, 0) == 0 ? ref.substr(prefix.size()) : "";
}

}  // namespace

JobName ParseJobName(const std::string& name) {
  const std::vector<std::string> parts = Split(name, '/');
  JobName out;
  const auto part = [&parts](size_t i) { return i < parts.size() ? parts[i] : std::string(); };
  out.project = part(1);
  out.app = part(3);
  out.workflow = part(5);
  out.run = part(7);
  out.job = part(9);
  return out;
}

std::string FolderName(const build::v1::LeaseKey& key) {
  return Sha256Hex(key.job()).substr(0, 16) + "-" + std::to_string(key.fence());
}

std::string CgroupName(const std::string& folder) {
  return "slipway-" + Sha256Hex(folder).substr(0, 24);
}

std::map<std::string, std::string> JobEnvironment(const build::v1::Lease& lease) {
  std::map<std::string, std::string> env;
  for (const build::v1::JobVariable& variable : lease.variables())
    env[variable.key()] = variable.value();
  const JobName name = ParseJobName(lease.key().job());
  env["CI"] = "true";
  env["SLIPWAY"] = "true";
  env["SLIPWAY_PROJECT"] = name.project;
  env["SLIPWAY_APP"] = name.app;
  env["SLIPWAY_WORKFLOW"] = name.workflow;
  env["SLIPWAY_RUN"] = name.Run();
  env["SLIPWAY_RUN_NUMBER"] = name.run;
  env["SLIPWAY_JOB"] = name.job;
  env["SLIPWAY_ATTEMPT"] = std::to_string(lease.attempt());
  env["SLIPWAY_REF"] = lease.ref();
  env["SLIPWAY_BRANCH"] = Without(kBranchPrefix, lease.ref());
  if (const std::string tag = Without(kTagPrefix, lease.ref()); !tag.empty())
    env["SLIPWAY_TAG"] = tag;
  if (!lease.sources().empty()) {
    const plan::v1::Source& source = lease.sources(0);
    env["SLIPWAY_COMMIT"] = source.commit();
    env["SLIPWAY_SHORT_COMMIT"] = source.commit().substr(0, 12);
    env["GIT_COMMIT"] = source.commit();
    env["GIT_BRANCH"] = env["SLIPWAY_BRANCH"];
    env["GIT_URL"] = source.url();
    env["GIT_AUTHOR"] = source.author();
    env["GIT_SUBJECT"] = source.subject();
    if (source.has_commit_time())
      env["SOURCE_DATE_EPOCH"] = std::to_string(source.commit_time().seconds());
  }
  return env;
}

std::vector<std::string> JobSecrets(const build::v1::Lease& lease) {
  std::vector<std::string> secrets;
  for (const build::v1::JobVariable& variable : lease.variables()) {
    if (variable.masked()) secrets.push_back(variable.value());
  }
  for (const auto* credentials : {&lease.git_credentials(), &lease.registry_credentials()}) {
    for (const auto& [id, credential] : *credentials) {
      secrets.push_back(credential.password());
      // As it stands in HTTP's Authorization and in docker's config.json.
      secrets.push_back(credential.username() + ":" + credential.password());
    }
  }
  return secrets;
}

absl::Duration JobTimeout(const plan::v1::Job& job) {
  if (!job.has_timeout()) return kDefaultJobTimeout;
  const absl::Duration timeout = rpc::FromDuration(job.timeout());
  return timeout > absl::ZeroDuration() ? timeout : kDefaultJobTimeout;
}

}  // namespace slipway::runner
