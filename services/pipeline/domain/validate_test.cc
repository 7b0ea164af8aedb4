#include "services/pipeline/domain/validate.h"

#include <catch2/catch.hpp>

#include "google/protobuf/text_format.h"

namespace slipway::pipeline {
namespace {

template <typename M>
M Parse(const std::string& text) {
  M message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

ValidationInput Input() {
  ValidationInput input;
  input.known = {{"local"}, {"dev", "prod", "staging"}, {"local"}, {"local", "github"}, true};
  input.app = Parse<v1::AppSpec>(R"(repositories {name: "source" url: "http://h/x.git"})");
  return input;
}

// The mistakes of a workflow as "field: description" lines.
std::vector<std::string> WorkflowMistakes(const std::string& spec,
                                          const ValidationInput& input = Input()) {
  Violations violations;
  ValidateWorkflow(Parse<v1::WorkflowSpec>(spec), input, &violations);
  std::vector<std::string> lines;
  for (const auto& v : violations.list()) lines.push_back(v.field + ": " + v.description);
  return lines;
}

template <typename M>
std::vector<std::string> Fields(const std::string& text, const ValidationInput& input = Input()) {
  Violations violations;
  Validate(Parse<M>(text), input, &violations);
  std::vector<std::string> fields;
  for (const auto& v : violations.list()) fields.push_back(v.field);
  return fields;
}

using List = std::vector<std::string>;
const char kFrom[] = R"(source {build {from {branch: "main"} image {}}} )";

std::string Build(const std::string& inside) {
  return "source {build {from {branch: \"main\"} " + inside + "}}";
}

}  // namespace

TEST_CASE("a sound workflow has no mistakes") {
  CHECK(WorkflowMistakes(std::string(kFrom) + R"(
    deployment_pipelines {environment: "dev" strategy {recreate {}}}
    deployment_pipelines {environment: "prod" after: "dev" trigger: MANUAL})")
            .empty());
}

TEST_CASE("after names the environment that was probably meant") {
  CHECK(WorkflowMistakes(std::string(kFrom) + R"(
    deployment_pipelines {environment: "dev"} deployment_pipelines {environment: "prod" after: "dv"})") ==
        List{"spec.deploymentPipelines[1].after: no deployment pipeline \"dv\" in this workflow; "
             "did you mean \"dev\"?"});
}

TEST_CASE("deployment pipelines form a tree") {
  CHECK(WorkflowMistakes(std::string(kFrom) +
                         R"(deployment_pipelines {environment: "dev" after: "dev"})") ==
        List{"spec.deploymentPipelines[0].after: \"dev\" can't come after itself"});
  const List circle = WorkflowMistakes(std::string(kFrom) + R"(
    deployment_pipelines {environment: "dev" after: "prod"} deployment_pipelines {environment: "prod" after: "dev"}
    deployment_pipelines {environment: "staging" after: "dev"})");
  REQUIRE(circle.size() == 2);
  CHECK(circle[0].find("goes round in a circle") != std::string::npos);
}

TEST_CASE("all mistakes of a workflow are told together") {
  const List fields = Fields<v1::Workflow>(R"(spec { source { build {
      from { repository: "sorce" branch: "a..b" paths { exclude: "../x" } }
      timeout { seconds: 86401 }
      pre_build { name: "image" shell { script: "x" } }
      pre_build { name: "Test" shell { script: "x" } }
      pre_build { name: "test" shell { script: "" } inputs { key: "1X" value: "" } }
      post_build { name: "test" shell { script: "x" } timeout { seconds: -1 } }
      image { dockerfile: "/Dockerfile" context: "../" registry: "locl" repository: "A" tag: "v1" args { key: "a-b" } }
    } }
    deployment_pipelines { environment: "develop" deploy { port: 70000 health_path: "x" } } })");
  CHECK(fields ==
        List{"spec.source.build.from.repository", "spec.source.build.from.branch",
             "spec.source.build.from.paths.exclude[0]", "spec.source.build.timeout",
             "spec.source.build.preBuild[0].name", "spec.source.build.preBuild[1].name",
             "spec.source.build.preBuild[2].shell.script", "spec.source.build.preBuild[2].inputs",
             "spec.source.build.postBuild[0].name", "spec.source.build.postBuild[0].timeout",
             "spec.source.build.image.dockerfile", "spec.source.build.image.context",
             "spec.source.build.image.args", "spec.source.build.image.registry",
             "spec.source.build.image.repository", "spec.source.build.image.tag",
             "spec.deploymentPipelines[0].environment", "spec.deploymentPipelines[0].deploy.port",
             "spec.deploymentPipelines[0].deploy.healthPath"});
}

TEST_CASE("a workflow needs a source, a ref and a registry") {
  CHECK(WorkflowMistakes("") == List{"spec.source.build: say where images come from: \"source: "
                                     "{build: {from: {branch: main}}}\""});
  CHECK(WorkflowMistakes("source {build {}}") ==
        List{"spec.source.build.from.branch: name the branch to build, or a branchRegex"});
  ValidationInput input = Input();
  input.known.has_default_registry = false;
  CHECK(WorkflowMistakes(kFrom, input) == List{"spec.source.build.image.registry: name a registry, "
                                               "since none is the default, for example \"local\""});
  input = Input();
  input.app.Clear();
  CHECK(WorkflowMistakes(kFrom, input).size() == 1);
}

TEST_CASE("build arguments and inputs have limits of number and length, and no NUL bytes") {
  v1::Workflow workflow;
  auto& args =
      *workflow.mutable_spec()->mutable_source()->mutable_build()->mutable_image()->mutable_args();
  const auto mistakes_about_args = [&] {
    Violations violations;
    Validate(workflow, Input(), &violations);
    List found;
    for (const auto& violation : violations.list()) {
      if (violation.field.find("image.args") != std::string::npos)
        found.push_back(violation.description);
    }
    return found;
  };
  for (int i = 0; i < 500; ++i) args["A" + std::to_string(i)] = "1";
  CHECK(mistakes_about_args().empty());
  args["A500"] = "1";
  CHECK(mistakes_about_args() == List{"has more than 500 entries; put them into a file"});
  args.clear();
  args["A"] = std::string("a\0b", 3);
  CHECK(mistakes_about_args() == List{"may not contain a NUL byte"});
  args["A"] = std::string((64 << 10) + 1, 'x');
  CHECK(mistakes_about_args() == List{"is longer than 65536 bytes"});
}

TEST_CASE("scripts have a limit of 256 KiB") {
  const std::string most(256 << 10, 'x');
  CHECK(WorkflowMistakes(Build("pre_build {name: 't' shell {script: '" + most + "'}}")).empty());
  CHECK(WorkflowMistakes(Build("pre_build {name: 't' shell {script: '" + most + "x'}}")).size() ==
        1);
}

TEST_CASE("one day is the longest time-out") {
  CHECK(WorkflowMistakes(Build("timeout {seconds: 86400}")).empty());
  CHECK(WorkflowMistakes(Build("timeout {seconds: 86400 nanos: 1}")).size() == 1);
  CHECK(WorkflowMistakes(Build("timeout {}")).size() == 1);
}

TEST_CASE("a deployment pipeline that is being deleted is not checked any more") {
  ValidationInput input = Input();
  input.deleting_environments = {"gone"};
  CHECK(WorkflowMistakes(
            std::string(kFrom) + R"(deployment_pipelines {environment: "gone" after: "also-gone"})",
            input)
            .empty());
}

TEST_CASE("an app may be deployed from a path of its repository") {
  const std::string repository =
      R"(repositories {name: "source" url: "https://git.example/demo/hello.git"} )";
  const auto fields = [&](const std::string& spec) {
    return Fields<v1::App>("spec {" + repository + spec + "}");
  };
  CHECK(fields(R"(deploy {path: "chart" repository: "source" helm {image_key: "web.image"
               values_files: ["../values/prod.yaml"] values {key: "ingress.host" value: "x"}}})")
            .empty());
  CHECK(
      fields(R"(deploy {path: "k8s" revision: "main"} environments {environment: "dev"})").empty());
  CHECK(fields(R"(deploy {path: "../x" revision: "--upload-pack=x" repository: "other" port: 80
               replicas: 2 helm {image_key: ".a" values_files: ["/etc/passwd", "http://x", "-f"]
               values {key: "a..b" value: "x"}} kustomize {image: "a b"}})") ==
        List{"spec.deploy.path", "spec.deploy.revision", "spec.deploy.helm.imageKey",
             "spec.deploy.helm.valuesFiles[0]", "spec.deploy.helm.valuesFiles[1]",
             "spec.deploy.helm.valuesFiles[2]", "spec.deploy.helm.values",
             "spec.deploy.kustomize.image", "spec.deploy.port", "spec.deploy.replicas",
             "spec.deploy.repository"});
  CHECK(fields(R"(deploy {revision: "main" repository: "source"})") ==
        List{"spec.deploy.repository", "spec.deploy.revision"});
  CHECK(Fields<v1::App>(R"(spec {deploy {path: "k8s"}})") == List{"spec.repositories"});
}

TEST_CASE("an app names the fields that it leaves to others") {
  const auto fields = [](const std::string& rules) {
    return Fields<v1::App>("spec {deploy {port: 80 " + rules + "}}");
  };
  CHECK(fields(R"(ignore_differences {kind: "Deployment" json_pointers: "/spec/replicas"}
                  ignore_differences {group: "*" managed_fields_managers: "hpa"})")
            .empty());
  CHECK(fields(R"(ignore_differences {kind: "Deployment"}
                  ignore_differences {json_pointers: ["/a", "spec.replicas"] name: "a b"})") ==
        List{"spec.deploy.ignoreDifferences[0].jsonPointers",
             "spec.deploy.ignoreDifferences[1].name",
             "spec.deploy.ignoreDifferences[1].jsonPointers[1]"});
}

TEST_CASE("a cluster's rules about health are checked field by field") {
  const auto fields = [](const std::string& rules) {
    return Fields<v1::Cluster>(R"(spec {kubernetes {kubeconfig {value: "k"} )" + rules + "}}");
  };
  CHECK(fields("").empty());
  CHECK(fields(R"(health_rules {group: "a.io" kind: "Db" state: DEGRADED
                                when {path: "status.phase" in: ["Failed"]}
                                when {path: "spec.paused" exists: false}})")
            .empty());
  CHECK(fields(R"(health_rules {kind: "Db" state: HEALTHY when {path: "a" exists: true}}
                  health_rules {when {path: "a" at_least: "3" less_than: "4"} when {exists: true}})") ==
        List{"spec.kubernetes.healthRules[1].kind", "spec.kubernetes.healthRules[1].state",
             "spec.kubernetes.healthRules[1].when[0]",
             "spec.kubernetes.healthRules[1].when[1].path"});
}

TEST_CASE("a deployment pipeline deploys from a repository of its app") {
  ValidationInput input = Input();
  input.app.add_repositories()->set_name("source");
  const std::string pipelines =
      std::string(kFrom) +
      R"(deployment_pipelines {environment: "dev" deploy {path: "k8s" repository: "NAME"}})";
  const auto mistakes = [&](const std::string& name) {
    std::string spec = pipelines;
    return WorkflowMistakes(spec.replace(spec.find("NAME"), 4, name), input);
  };
  CHECK(mistakes("source").empty());
  CHECK(mistakes("sourc") ==
        List{"spec.deploymentPipelines[0].deploy.repository: spec.repositories has no \"sourc\""});
}

TEST_CASE("an app that is only synced says what, from where and to where") {
  const std::string repository =
      R"(repositories {name: "source" url: "https://git.example/demo/hello.git"} )";
  const auto fields = [&](const std::string& spec) {
    return Fields<v1::App>("spec {" + repository + spec + "}");
  };
  CHECK(fields(R"(environments {environment: "dev"} environments {environment: "dv"}
                  environments {} environments {environment: "dev"
                  deploy {path: "k8s" revision: "main" replicas: 1}})") ==
        List{"spec.environments[0].deploy.path", "spec.environments[1].environment",
             "spec.environments[1].deploy.path", "spec.environments[2].environment",
             "spec.environments[2].deploy.path", "spec.environments[3].environment",
             "spec.environments[3].deploy.replicas"});
  // Without a revision it is the default branch; one for all of them may stand above.
  CHECK(fields(R"(environments {environment: "dev" deploy {path: "k8s"}})").empty());
  CHECK(fields(R"(deploy {revision: "main" repository: "source"}
                  environments {environment: "dev" deploy {path: "k8s"}})")
            .empty());
  CHECK(fields(R"(environments {environment: "dev" deploy {path: "k8s" repository: "other"}})") ==
        List{"spec.environments[0].deploy.repository"});
  CHECK(Fields<v1::App>(R"(spec {environments {environment: "dev" deploy {path: "k8s"}}})") ==
        List{"spec.repositories"});
}

TEST_CASE("an app has one repository by http, without submodules") {
  CHECK(
      Fields<v1::App>(
          R"(spec {repositories {name: "source" url: "http://127.0.0.1:8481/demo/hello.git" account: "local"
        checkout_path: "."} deploy {port: 8080 health_path: "/healthz" env {key: "GREETING" value: "hello"}
        resources {memory: "64Mi"}}})")
          .empty());
  CHECK(Fields<v1::App>(R"(spec {
      repositories {name: "" url: "ssh://git@h/x" account: "gthub" checkout_path: "../x" submodules: true}
      repositories {name: "second" url: "http://h/y"}
      deploy {env {key: "A B" value: ""} resources {memory: "64mb" cpu: "x"} replicas: -1}})") ==
        List{"spec.repositories[1]", "spec.repositories[0].name", "spec.repositories[0].url",
             "spec.repositories[0].account", "spec.repositories[0].checkoutPath",
             "spec.repositories[0].submodules", "spec.deploy.env", "spec.deploy.resources.memory",
             "spec.deploy.resources.cpu", "spec.deploy.replicas"});
  CHECK(Fields<v1::App>("spec {}").empty());
}

TEST_CASE("clusters, environments, registries and accounts are checked") {
  CHECK(Fields<v1::Cluster>("spec {local {}}").empty());
  CHECK(Fields<v1::Cluster>("spec {}") == List{"spec.local"});
  CHECK(Fields<v1::Environment>(R"(spec {cluster: "local" namespace: "demo-dev"})").empty());
  CHECK(Fields<v1::Environment>(R"(spec {cluster: "locl" namespace: "Demo" deploy {port: 0}})") ==
        List{"spec.cluster", "spec.namespace", "spec.deploy.port"});
  CHECK(Fields<v1::Registry>(R"(spec {url: "http://127.0.0.1:8482"})").empty());
  CHECK(Fields<v1::Registry>(R"(spec {url: "http://u:p@h"})") == List{"spec.url"});
  CHECK(Fields<v1::GitAccount>(R"(spec {host: "127.0.0.1:8481"})").empty());
  CHECK(Fields<v1::GitAccount>(R"(spec {host: "http://127.0.0.1"})") == List{"spec.host"});
}

TEST_CASE("the error of several mistakes carries them all") {
  Violations violations;
  violations.Add("spec.a", "is wrong");
  violations.Add("spec.b", "is wrong too");
  const absl::Status status = violations.ToStatus();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(status) == "spec.a: is wrong (and 1 more mistake)");
  CHECK(DetailsOf(status).field_violations.size() == 2);
}

}  // namespace slipway::pipeline
