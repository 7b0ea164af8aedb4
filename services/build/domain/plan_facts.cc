#include "services/build/domain/plan_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"

namespace slipway::build {
namespace {

constexpr absl::Duration kDefaultTimeout = absl::Hours(1);

void SortUnique(std::vector<std::string>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

bool IsHex(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Jobs can be put in an order in which each comes after its needs.
bool HasCircle(const plan::v1::Plan& plan) {
  std::set<std::string> done;
  while (done.size() < static_cast<size_t>(plan.jobs_size())) {
    const size_t before = done.size();
    for (const auto& job : plan.jobs()) {
      if (std::all_of(job.needs().begin(), job.needs().end(),
                      [&](const std::string& need) { return done.count(need) > 0; })) {
        done.insert(job.name());
      }
    }
    if (done.size() == before) return true;
  }
  return false;
}

absl::Status ValidateJobs(const plan::v1::Plan& plan) {
  if (plan.jobs().empty()) return InvalidField("plan.jobs", "a plan has at least one job");
  std::set<std::string> names;
  for (int i = 0; i < plan.jobs_size(); ++i) {
    const auto& job = plan.jobs(i);
    const std::string field = "plan.jobs[" + std::to_string(i) + "]";
    if (job.name().empty() || job.name().find('/') != std::string::npos) {
      return InvalidField(field + ".name", "a job's name is not empty and has no \"/\"");
    }
    if (!names.insert(job.name()).second) {
      return InvalidField(field + ".name",
                          "the name \"" + job.name() + "\" is taken by another job");
    }
    std::set<std::string> steps;
    for (const auto& step : job.steps()) {
      if (step.name().empty() || !steps.insert(step.name()).second) {
        return InvalidField(field + ".steps", "names of steps are not empty and unique in the job");
      }
    }
  }
  for (int i = 0; i < plan.jobs_size(); ++i) {
    for (const std::string& need : plan.jobs(i).needs()) {
      if (names.count(need) > 0) continue;
      return InvalidField("plan.jobs[" + std::to_string(i) + "].needs",
                          "there is no job \"" + need + "\" in this plan");
    }
  }
  if (HasCircle(plan)) return InvalidField("plan.jobs", "the needs of the jobs form a circle");
  return absl::OkStatus();
}

}  // namespace

std::string SerialisePlan(const plan::v1::Plan& plan) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    plan.SerializeToCodedStream(&coded);
  }
  return bytes;
}

std::string PlanDigest(const plan::v1::Plan& plan) { return Sha256Hex(SerialisePlan(plan)); }

absl::Status ValidatePlan(const plan::v1::Plan& plan) {
  if (!WorkflowName::Parse(plan.workflow())) {
    return InvalidField("plan.workflow", "\"" + plan.workflow() +
                                             "\" is not of the form projects/P/apps/A/workflows/W");
  }
  if (plan.commit().size() != 40 || !IsHex(plan.commit())) {
    return InvalidField("plan.commit", "a commit has 40 hex digits");
  }
  return ValidateJobs(plan);
}

std::vector<std::string> AutomaticEnvironments(const plan::v1::Plan& plan) {
  std::vector<std::string> reached;
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& target : plan.targets()) {
      const bool known =
          std::find(reached.begin(), reached.end(), target.environment()) != reached.end();
      const bool after_reached =
          target.after().empty() ||
          std::find(reached.begin(), reached.end(), target.after()) != reached.end();
      if (known || !target.automatic() || !after_reached) continue;
      reached.push_back(target.environment());
      changed = true;
    }
  }
  return reached;
}

std::vector<JobRecord> JobsOf(const plan::v1::Plan& plan) {
  std::vector<JobRecord> jobs;
  for (const auto& planned : plan.jobs()) {
    JobRecord job;
    job.name = planned.name();
    job.position = static_cast<int>(jobs.size());
    job.needs.assign(planned.needs().begin(), planned.needs().end());
    job.ready = job.needs.empty();
    job.timeout = planned.has_timeout() && planned.timeout().seconds() > 0
                      ? absl::Seconds(planned.timeout().seconds())
                      : kDefaultTimeout;
    for (const auto& planned_step : planned.steps()) {
      v1::Step step;
      step.set_name(planned_step.name());
      step.set_stage(planned_step.stage());
      step.set_state(v1::PENDING);
      job.steps.push_back(std::move(step));
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

const plan::v1::ImageBuild* PatternBuild(const plan::v1::Plan& plan) {
  for (const auto& job : plan.jobs()) {
    for (const auto& step : job.steps()) {
      if (step.has_image() && !step.image().tag_pattern().empty()) return &step.image();
    }
  }
  return nullptr;
}

std::string DefaultTag(const std::string& commit, int64_t run_id) {
  return commit.substr(0, 12) + "-" + std::to_string(run_id);
}

void SecretNeeds::Add(const SecretNeeds& other) {
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
    SortUnique(to);
  };
  add(git_accounts, other.git_accounts);
  add(registries, other.registries);
  add(secrets, other.secrets);
}

SecretNeeds SecretsOf(const plan::v1::Plan& plan, const plan::v1::Job& job) {
  SecretNeeds needs;
  for (const auto& source : plan.sources()) {
    if (!source.account().empty()) needs.git_accounts.push_back(source.account());
  }
  const bool logs_in = std::any_of(job.steps().begin(), job.steps().end(),
                                   [](const auto& step) { return step.registry_login(); });
  for (const auto& other : plan.jobs()) {
    if (!logs_in && other.name() != job.name()) continue;
    for (const auto& step : other.steps()) {
      if (step.has_image()) needs.registries.push_back(step.image().registry());
    }
  }
  for (const auto& variable : plan.variables()) {
    if (!variable.secret().empty()) needs.secrets.push_back(variable.secret());
  }
  SortUnique(needs.git_accounts);
  SortUnique(needs.registries);
  SortUnique(needs.secrets);
  return needs;
}

}  // namespace slipway::build
