#include "libs/plan/compile.h"

#include <algorithm>

#include "libs/base/strings.h"
#include "libs/rpc/timestamp.h"

namespace slipway::plan {
namespace {

namespace pl = pipeline::v1;

constexpr int64_t kDefaultTimeoutSeconds = 3600;

// "projects/demo/apps/hello/workflows/main" -> "demo/hello"
std::string DefaultImageRepository(const std::string& workflow_name) {
  const std::vector<std::string> parts = Split(workflow_name, '/');
  return parts.size() < 4 ? "" : parts[1] + "/" + parts[3];
}

const pl::Repository* FindRepository(const pl::AppSpec& app, const std::string& name) {
  for (const pl::Repository& repository : app.repositories()) {
    if (name.empty() || repository.name() == name) return &repository;
  }
  return nullptr;
}

void AddSource(const CompileInput& input, v1::Plan* plan) {
  const pl::Repository* repository =
      FindRepository(input.app, input.workflow.source().build().from().repository());
  v1::Source* source = plan->add_sources();
  if (repository != nullptr) {
    source->set_name(repository->name());
    source->set_url(repository->url());
    source->set_account(repository->account());
    source->set_checkout_path(repository->checkout_path().empty() ? "."
                                                                  : repository->checkout_path());
  }
  source->set_commit(input.commit.sha);
  source->set_ref(input.commit.ref);
  source->set_subject(input.commit.subject);
  source->set_author(input.commit.author);
  *source->mutable_commit_time() = rpc::ToTimestamp(input.commit.time);
}

void AddTask(const pl::Task& task, const char* stage, v1::Job* job) {
  v1::Step* step = job->add_steps();
  step->set_name(task.name());
  step->set_stage(stage);
  step->mutable_shell()->set_script(task.shell().script());
  step->set_registry_login(task.registry_login());
  *step->mutable_inputs() = task.inputs();
  if (task.has_timeout()) *step->mutable_timeout() = task.timeout();
}

void AddImage(const CompileInput& input, const std::string& source, v1::Job* job) {
  const pl::ImageSpec& spec = input.workflow.source().build().image();
  v1::Step* step = job->add_steps();
  step->set_name("image");
  step->set_stage("build");
  v1::ImageBuild* image = step->mutable_image();
  image->set_dockerfile(spec.dockerfile().empty() ? "Dockerfile" : spec.dockerfile());
  image->set_context(spec.context().empty() ? "." : spec.context());
  *image->mutable_args() = spec.args();
  image->set_registry(input.registry_name);
  image->set_registry_host(input.registry_host);
  image->set_repository(spec.repository().empty() ? DefaultImageRepository(input.workflow_name)
                                                  : spec.repository());
  image->set_tag_pattern(spec.tag());
  image->set_ignore_cache(input.ignore_cache);
  image->set_insecure(input.registry_insecure);
  image->set_source(source);
}

void AddVariables(const CompileInput& input, v1::Plan* plan) {
  std::map<std::string, ScopedVariable> by_key;
  for (const ScopedVariable& variable : input.variables) by_key[variable.key] = variable;
  for (const auto& [key, value] : input.run_variables) by_key[key] = {key, value, "", false};
  for (const auto& [key, variable] : by_key) {
    v1::Variable* out = plan->add_variables();
    out->set_key(key);
    if (variable.secret.empty()) {
      out->set_value(variable.value);
    } else {
      out->set_secret(variable.secret);
    }
    out->set_masked(variable.masked || !variable.secret.empty());
  }
}

void AddTargets(const CompileInput& input, v1::Plan* plan) {
  const auto& deleting = input.deleting_environments;
  for (const pl::DeploymentPipeline& pipeline : input.workflow.deployment_pipelines()) {
    if (std::find(deleting.begin(), deleting.end(), pipeline.environment()) != deleting.end())
      continue;
    v1::Target* target = plan->add_targets();
    target->set_environment(pipeline.environment());
    target->set_after(pipeline.after());
    target->set_automatic(pipeline.trigger() != pl::MANUAL);
  }
}

}  // namespace

std::string VariableKey(std::string_view id) {
  std::string key(id);
  for (char& c : key) {
    if (c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return key;
}

v1::Plan CompileBuild(const CompileInput& input) {
  v1::Plan plan;
  plan.set_workflow(input.workflow_name);
  plan.set_app_uid(input.app_uid);
  plan.set_ref(input.commit.ref);
  plan.set_commit(input.commit.sha);
  AddSource(input, &plan);
  AddVariables(input, &plan);
  AddTargets(input, &plan);

  const pl::BuildSource& build = input.workflow.source().build();
  v1::Job* job = plan.add_jobs();
  job->set_name("build");
  if (build.has_timeout()) {
    *job->mutable_timeout() = build.timeout();
  } else {
    job->mutable_timeout()->set_seconds(kDefaultTimeoutSeconds);
  }
  for (const pl::Task& task : build.pre_build()) AddTask(task, "pre-build", job);
  AddImage(input, plan.sources(0).name(), job);
  for (const pl::Task& task : build.post_build()) AddTask(task, "post-build", job);
  return plan;
}

}  // namespace slipway::plan
