#include <algorithm>
#include <map>
#include <set>

#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/plan/tag_pattern.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/validate.h"

namespace slipway::pipeline {
namespace {

constexpr size_t kMaxScript = 256 << 10;
constexpr int kMaxTasks = 100;
constexpr int kMaxTargets = 100;
constexpr int kMaxPathFilters = 100;
constexpr int64_t kMaxTimeoutSeconds = 24 * 3600;
// A member of spec.source.build.
std::string OfBuild(std::string_view member) {
  std::string path = "spec.source.build.";
  path.append(member);
  return path;
}

// Collects the mistakes of one workflow; a helper of ValidateWorkflow that lives for one call.
class WorkflowCheck {
 public:
  WorkflowCheck(const ValidationInput& input, Violations* violations)
      : input_(input), violations_(violations) {}

  void Check(const v1::WorkflowSpec& spec) {
    if (spec.source().kind_case() == v1::ImageSource::kBuild) {
      CheckBuild(spec.source().build());
    } else {
      Add("spec.source.build",
          "say where images come from: \"source: {build: {from: {branch: main}}}\"");
    }
    CheckPipelines(spec);
  }

 private:
  void Add(const std::string& field, const std::string& description) {
    violations_->Add(field, description);
  }
  void AddProblem(const std::string& field, const std::string& problem) {
    if (!problem.empty()) Add(field, problem);
  }

  void CheckBuild(const v1::BuildSource& build) {
    CheckFrom(build.from());
    CheckTimeout(OfBuild("timeout"), build.has_timeout(), build.timeout());
    std::set<std::string> names;
    CheckTasks(OfBuild("preBuild"), build.pre_build(), &names);
    CheckTasks(OfBuild("postBuild"), build.post_build(), &names);
    CheckImage(build.image());
  }

  void CheckFrom(const v1::BuildFrom& from) {
    const std::string path = OfBuild("from");
    std::vector<std::string> repositories;
    for (const v1::Repository& repository : input_.app.repositories())
      repositories.push_back(repository.name());
    if (repositories.empty()) {
      Add(path + ".repository",
          "the app has no repository; add one to spec.repositories of the app first");
    } else if (!from.repository().empty() && std::find(repositories.begin(), repositories.end(),
                                                       from.repository()) == repositories.end()) {
      Add(path + ".repository",
          NoSuch("repository", from.repository(), repositories) + " in the app");
    }
    switch (from.ref_case()) {
      case v1::BuildFrom::kBranch:
        AddProblem(path + ".branch", BranchProblem(from.branch()));
        break;
      case v1::BuildFrom::kBranchRegex:
        AddProblem(path + ".branchRegex", RegexProblem(from.branch_regex()));
        break;
      case v1::BuildFrom::REF_NOT_SET:
        Add(path + ".branch", "name the branch to build, or a branchRegex");
        break;
    }
    CheckPathFilter(path + ".paths.include", from.paths().include());
    CheckPathFilter(path + ".paths.exclude", from.paths().exclude());
  }

  template <typename List>
  void CheckPathFilter(const std::string& path, const List& filters) {
    if (filters.size() > kMaxPathFilters)
      Add(path, "has more than " + std::to_string(kMaxPathFilters) + " entries");
    for (int i = 0; i < std::min(static_cast<int>(filters.size()), kMaxPathFilters); ++i) {
      AddProblem(path + "[" + std::to_string(i) + "]", PathProblem(filters.Get(i)));
    }
  }

  void CheckTimeout(const std::string& path, bool set, const google::protobuf::Duration& timeout) {
    if (!set) return;
    const bool positive = timeout.seconds() > 0 || (timeout.seconds() == 0 && timeout.nanos() > 0);
    const bool within = timeout.seconds() < kMaxTimeoutSeconds ||
                        (timeout.seconds() == kMaxTimeoutSeconds && timeout.nanos() == 0);
    if (!positive || !within) Add(path, "must be more than zero and at most one day (86400s)");
  }

  template <typename List>
  void CheckTasks(const std::string& path, const List& tasks, std::set<std::string>* names) {
    if (tasks.size() > kMaxTasks)
      Add(path, "has more than " + std::to_string(kMaxTasks) + " tasks");
    for (int i = 0; i < std::min(static_cast<int>(tasks.size()), kMaxTasks); ++i) {
      CheckTask(path + "[" + std::to_string(i) + "]", tasks.Get(i), names);
    }
  }

  void CheckTask(const std::string& path, const v1::Task& task, std::set<std::string>* names) {
    if (!ValidateSlug(task.name(), "").ok()) {
      Add(path + ".name",
          "must be 1 to 63 of a-z, 0-9 and '-', start with a letter and not end with '-'");
    } else if (task.name() == "image") {
      Add(path + ".name",
          "\"image\" is the name of the step that builds the image; choose another");
    } else if (!names->insert(task.name()).second) {
      Add(path + ".name",
          "\"" + task.name() + "\" is the name of another task of this workflow; choose another");
    }
    const std::string& script = task.shell().script();
    if (task.action_case() != v1::Task::kShell || script.empty()) {
      Add(path + ".shell.script", "must not be empty");
    } else if (script.size() > kMaxScript) {
      Add(path + ".shell.script",
          "is longer than 256 KiB; put it into the repository and call it here");
    } else if (script.find('\0') != std::string::npos) {
      Add(path + ".shell.script", "may not contain a NUL byte");
    }
    ValidateVariables(task.inputs(), path + ".inputs", violations_);
    CheckTimeout(path + ".timeout", task.has_timeout(), task.timeout());
  }

  void CheckImage(const v1::ImageSpec& image) {
    const std::string path = OfBuild("image");
    if (!image.dockerfile().empty())
      AddProblem(path + ".dockerfile", PathProblem(image.dockerfile()));
    if (!image.context().empty()) AddProblem(path + ".context", PathProblem(image.context()));
    ValidateVariables(image.args(), path + ".args", violations_);
    const std::vector<std::string>& registries = input_.known.registries;
    if (image.registry().empty()) {
      if (!input_.known.has_default_registry) {
        Add(path + ".registry",
            "name a registry, since none is the default" +
                (registries.empty() ? std::string("; there is none yet: create one first")
                                    : ", for example \"" + registries.front() + "\""));
      }
    } else if (std::find(registries.begin(), registries.end(), image.registry()) ==
               registries.end()) {
      Add(path + ".registry", NoSuch("registry", image.registry(), registries));
    }
    if (!image.repository().empty())
      AddProblem(path + ".repository", ImageRepositoryProblem(image.repository()));
    if (!image.tag().empty()) AddProblem(path + ".tag", plan::TagPatternProblem(image.tag()));
  }

  void CheckPipelines(const v1::WorkflowSpec& spec) {
    const int count = spec.deployment_pipelines_size();
    if (count > kMaxTargets) {
      Add("spec.deploymentPipelines", "has more than " + std::to_string(kMaxTargets) + " entries");
      return;
    }
    std::map<std::string, std::string> after;  // by environment, for those of this workflow
    for (const v1::DeploymentPipeline& pipeline : spec.deployment_pipelines()) {
      after.emplace(pipeline.environment(), pipeline.after());
    }
    for (int i = 0; i < count; ++i) {
      const v1::DeploymentPipeline& pipeline = spec.deployment_pipelines(i);
      const std::string path = "spec.deploymentPipelines[" + std::to_string(i) + "]";
      const auto& deleting = input_.deleting_environments;
      if (std::find(deleting.begin(), deleting.end(), pipeline.environment()) != deleting.end())
        continue;
      CheckEnvironment(path, pipeline);
      CheckAfter(path, pipeline, after);
      if (!pipeline.has_deploy()) continue;
      ValidateDeploySpec(pipeline.deploy(), path + ".deploy", violations_);
      ValidateDeployRepository(input_.app, pipeline.deploy(), path + ".deploy", violations_);
    }
  }

  void CheckEnvironment(const std::string& path, const v1::DeploymentPipeline& pipeline) {
    const std::vector<std::string>& known = input_.known.environments;
    const std::string& environment = pipeline.environment();
    if (environment.empty()) {
      Add(path + ".environment", "name the environment to deploy to");
    } else if (std::find(known.begin(), known.end(), environment) == known.end()) {
      Add(path + ".environment", NoSuch("environment", environment, known));
    }
  }

  void CheckAfter(const std::string& path, const v1::DeploymentPipeline& pipeline,
                  const std::map<std::string, std::string>& after) {
    if (pipeline.after().empty()) return;
    std::vector<std::string> others;
    for (const auto& [environment, unused] : after) {
      if (environment != pipeline.environment()) others.push_back(environment);
    }
    if (pipeline.after() == pipeline.environment()) {
      Add(path + ".after", "\"" + pipeline.after() + "\" can't come after itself");
    } else if (!after.contains(pipeline.after())) {
      const std::string near = DidYouMean(pipeline.after(), others);
      Add(path + ".after", "no deployment pipeline \"" + Truncate(pipeline.after(), 64) +
                               "\" in this workflow" +
                               (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    } else if (IsInCycle(pipeline.environment(), after)) {
      Add(path + ".after", "goes round in a circle: \"" + pipeline.environment() +
                               "\" would have to come after itself");
    }
  }

  static bool IsInCycle(const std::string& start, const std::map<std::string, std::string>& after) {
    std::string at = start;
    for (size_t steps = 0; steps <= after.size(); ++steps) {
      const auto it = after.find(at);
      if (it == after.end() || it->second.empty()) return false;
      at = it->second;
      if (at == start) return true;
    }
    return false;  // leads into a circle that it is not part of: reported where it is
  }

  const ValidationInput& input_;
  Violations* const violations_;
};

}  // namespace

void ValidateWorkflow(const v1::WorkflowSpec& spec, const ValidationInput& input,
                      Violations* violations) {
  WorkflowCheck(input, violations).Check(spec);
}

}  // namespace slipway::pipeline
