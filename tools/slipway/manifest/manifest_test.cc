#include "tools/slipway/manifest/manifest.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/yaml/writer.h"
#include "tools/slipway/client/json_text.h"

namespace slipway::cli {
namespace {

const std::map<std::string, std::string> kVariables = {
    {"HOST", "git.example"}, {"NUMBER", "8080"}, {"TRICKY", "a: {b"}};

ManifestSources Sources(const std::string& folder = ".") {
  return {.variables = [](const std::string& name) -> std::optional<std::string> {
            const auto found = kVariables.find(name);
            return found == kVariables.end() ? std::nullopt : std::optional(found->second);
          },
          .project = "demo",
          .folder = folder};
}

std::vector<ManifestItem> Read(std::string_view text) {
  Manifest manifest = ReadManifest("f.yaml", text, Sources());
  REQUIRE(manifest.problems.ToStatus() == absl::OkStatus());
  return std::move(manifest.items);
}

std::string ProblemsOf(std::string_view text) {
  const Manifest manifest = ReadManifest("f.yaml", text, Sources());
  REQUIRE_FALSE(manifest.problems.empty());
  return MessageOf(manifest.problems.ToStatus());
}

constexpr char kHead[] = "apiVersion: slipway/v1\nkind: App\nmetadata: {name: hello}\n";

}  // namespace

TEST_CASE("documents become resources with their names") {
  const auto items = Read(std::string(kHead) +
                          "spec: {description: x}\n---\napiVersion: slipway/v1\nkind: Cluster\n"
                          "metadata: {name: local}\nspec: {local: {}}\n");
  REQUIRE(items.size() == 2);
  CHECK(items[0].name == "projects/demo/apps/hello");
  CHECK(Text(items[0].resource, "name") == "projects/demo/apps/hello");
  CHECK(Text(items[0].resource, "spec.description") == "x");
  CHECK(items[1].name == "clusters/local");
}

TEST_CASE("variables are filled from the environment") {
  const auto items = Read(std::string(kHead) + R"(spec:
  description: "https://${HOST}/x and $${HOST} and $HOST"
  deploy:
    port: ${NUMBER}
    env: {A: "${TRICKY}", B: "${NUMBER}"}
)");
  const boost::json::value spec = items[0].resource.at("spec");
  CHECK(Text(spec, "description") == "https://git.example/x and ${HOST} and $HOST");
  CHECK(spec.at("deploy").at("port").is_int64());
  CHECK(Text(spec, "deploy.env.A") == "a: {b");
  CHECK(spec.at("deploy").at("env").at("B").is_string());
}

TEST_CASE("scripts are left as they are") {
  const auto items = Read(
      "apiVersion: slipway/v1\nkind: Workflow\nmetadata: {app: hello, name: main}\nspec:\n"
      "  source: {build: {preBuild: [{name: t, shell: {script: \"echo ${NOT_SET} "
      "$${HOST}\"}}]}}\n");
  CHECK(Text(items[0].resource, "spec.source.build.preBuild[0].shell.script") ==
        "echo ${NOT_SET} $${HOST}");
}

TEST_CASE("a variable that is missing or misspelt is an error with its line") {
  const std::string problems =
      ProblemsOf(std::string(kHead) +
                 "spec:\n  description: ${NOT_SET}\n  deploy:\n    healthPath: ${no-name}\n");
  CHECK(problems.find("f.yaml:5: spec.description: ${NOT_SET} is not set") != std::string::npos);
  CHECK(problems.find("f.yaml:7: spec.deploy.healthPath: \"${\" needs") != std::string::npos);
}

TEST_CASE("every mistake is shown with file, line, path and remedy") {
  const std::string problems = ProblemsOf(
      "apiVersion: slipway/v2\nkind: App\nmetadata: {name: a}\nspecs: {}\n---\nkind: "
      "Wrkflow\napiVersion: slipway/v1\n");
  CHECK(problems.find("f.yaml:1: apiVersion: \"slipway/v2\" is not known here; write slipway/v1") !=
        std::string::npos);
  CHECK(problems.find("f.yaml:4: specs: unknown member; did you mean \"spec\"?") !=
        std::string::npos);
  CHECK(problems.find("f.yaml:6: kind: \"Wrkflow\" can't be applied; did you mean \"Workflow\"?") !=
        std::string::npos);
}

TEST_CASE("broken YAML, no document and a list are refused") {
  CHECK(ProblemsOf("a: [").find("f.yaml:") == 0);
  CHECK(ProblemsOf(std::string(kHead) + "spec: {description: ${HOST}}\n").find("in quotes") !=
        std::string::npos);
  CHECK(ProblemsOf("") == "f.yaml: holds no document");
  CHECK(ProblemsOf("- a\n").find("f.yaml:1: expected a document") == 0);
  CHECK(ProblemsOf("apiVersion: slipway/v1\nkind: Run\nmetadata: {name: x}\n")
            .find("can't be applied") != std::string::npos);
  CHECK(ProblemsOf("apiVersion: slipway/v1\nkind: App\nmetadata: {name: 5}\n")
            .find("f.yaml:3: metadata.name: expected text") != std::string::npos);
}

TEST_CASE("the same name twice in a file is refused") {
  const std::string twice = std::string(kHead) + "---\n" + kHead;
  CHECK(ProblemsOf(twice).find(
            "f.yaml:7: metadata.name: App demo/hello stands in this file already, at line 1") == 0);
}

TEST_CASE("a GitOps provider has kinds with a dash, and a secret within its TLS options") {
  const Manifest manifest = ReadManifest(
      "f.yaml",
      "apiVersion: slipway/v1\nkind: GitOpsProvider\nmetadata: {name: azure}\nspec:\n"
      "  provider: azure-devops\n  host: https://dev.azure.com/acme\n  project: Shop\n"
      "  token: {value: pat}\n  tls: {clientKey: {value: pem}}",
      Sources("."));
  REQUIRE(manifest.problems.ToStatus() == absl::OkStatus());
  const auto& resource = manifest.items.at(0).resource;
  CHECK(ToLower(Text(resource, "spec.provider")) == "azure_devops");
  CHECK(Text(resource, "spec.token.value") == "pat");
  CHECK(Text(resource, "spec.tls.clientKey.value") == "pem");
}

TEST_CASE("secrets come from a file, the environment or the text") {
  const auto folder = TempDir::Create("slipway-cli");
  REQUIRE(folder.ok());
  REQUIRE(WriteFileAtomic(folder->path() + "/key", "s3cret\n").ok());
  const auto read = [&](const std::string& password) {
    return ReadManifest(
        "f.yaml",
        "apiVersion: slipway/v1\nkind: Registry\nmetadata: {name: r}\nspec:\n  password: " +
            password,
        Sources(folder->path()));
  };
  const auto value = [&](const std::string& password) {
    const Manifest manifest = read(password);
    REQUIRE(manifest.problems.ToStatus() == absl::OkStatus());
    return Text(manifest.items.at(0).resource, "spec.password.value");
  };
  CHECK(value("{fromFile: key}") == "s3cret");
  CHECK(value("{fromFile: " + folder->path() + "/key}") == "s3cret");
  CHECK(value("{fromEnv: HOST}") == "git.example");
  CHECK(value("{value: plain}") == "plain");
  for (const char* wrong : {"plain", "{fromFile: nothing-here}", "{fromEnv: NOT_SET}", "{from: x}",
                            "{value: \"\"}", "{fromEnv: HOST, value: x}"}) {
    INFO(wrong);
    CHECK(MessageOf(read(wrong).problems.ToStatus()).find("f.yaml:5: spec.password") == 0);
  }
}

TEST_CASE("mistakes that the server finds are shown at their line") {
  const auto items = Read(std::string(kHead) + "spec:\n  deploy:\n    port: 1\n    env: {A: b}\n");
  CHECK(items[0].Describe("f.yaml", "resources[0].app.spec.deploy.port", "is too low") ==
        "f.yaml:6: spec.deploy.port: is too low");
  CHECK(items[0].Describe("f.yaml", "spec.deploy.port", "is too low") ==
        "f.yaml:6: spec.deploy.port: is too low");
  CHECK(items[0].Describe("f.yaml", "app.name", "is bad") == "f.yaml:3: metadata.name: is bad");
  // What is not there is shown at what would hold it.
  CHECK(items[0].Describe("f.yaml", "spec.deploy.resources.memory", "is needed") ==
        "f.yaml:5: spec.deploy.resources.memory: is needed");
  CHECK(items[0].Describe("f.yaml", "", "is refused") == "f.yaml:1: is refused");
}

TEST_CASE("a mistake that may follow from a known one is told apart from others") {
  const auto items = Read(std::string(kHead) +
                          "spec:\n  deploy:\n    prot: 1\n    healthPath: x\n    env: {A.b: c}\n"
                          "  repositories:\n  - {name: a}\n  - {name: b}\n");
  const yaml::Document& document = items[0].document;
  Problems problems("f.yaml");
  CHECK_FALSE(problems.Follows(document, "spec.deploy.port"));
  problems.Add(document, "spec.deploy.prot", "unknown");
  CHECK(problems.Follows(document, "spec.deploy.prot"));
  CHECK(problems.Follows(document, "spec.deploy.port"));  // missing, since it is misspelt
  CHECK(problems.Follows(document, "spec.deploy"));
  CHECK_FALSE(problems.Follows(document, "spec.deploy.healthPath"));
  CHECK_FALSE(problems.Follows(document, "spec.description"));
  CHECK_FALSE(problems.Follows(document, "spec.repositories[0].url"));
  problems.Add(document, "spec.repositories[1]", "is wrong");
  CHECK(problems.Follows(document, "spec.repositories[1].url"));
  const boost::json::value kept =
      items[0].Without({"spec.deploy.prot", "spec.deploy.env.A.b", "spec.repositories[1]"});
  CHECK(boost::json::serialize(kept.at("spec")) == R"({"deploy":{"healthPath":"x","env":{}}})");
  CHECK(MessageOf(problems.ToStatus()) ==
        "f.yaml:6: spec.deploy.prot: unknown\nf.yaml:11: spec.repositories[1]: is wrong");
}

TEST_CASE("what get shows is what apply takes") {
  const std::string text = R"(apiVersion: slipway/v1
kind: Workflow
metadata:
  project: demo
  app: hello
  name: main
spec:
  source:
    build:
      from:
        branch: main
      trigger: automatic
      image:
        args:
          trigger: KEPT
  deploymentPipelines:
  - environment: dev
    strategy:
      recreate: {}
)";
  // As the gateway writes it: enums in capitals, empty fields and status beside.
  const boost::json::value resource = boost::json::parse(R"({
    "name": "projects/demo/apps/hello/workflows/main", "etag": "4", "createTime": "2026-01-01T00:00:00Z",
    "spec": {"source": {"build": {"from": {"repository": "", "branch": "main"}, "trigger": "AUTOMATIC", "preBuild": [],
        "image": {"dockerfile": "", "args": {"trigger": "KEPT"}}}},
      "deploymentPipelines": [{"environment": "dev", "after": "", "trigger": "TRIGGER_UNSPECIFIED",
        "strategy": {"recreate": {}}}]},
    "status": {"id": "3", "deletingEnvironments": []}})");
  const boost::json::object manifest = ToManifest(**FindKind("workflow"), resource);
  CHECK(yaml::Write(manifest) == text + "status:\n  id: \"3\"\n");
  CHECK(Read(yaml::Write(manifest))[0].name == "projects/demo/apps/hello/workflows/main");
}

TEST_CASE("secrets never stand in what get shows") {
  const boost::json::value resource = boost::json::parse(
      R"({"name": "registries/r", "spec": {"url": "x", "password": {"value": "leak"}, "default": false}})");
  const std::string text = yaml::Write(ToManifest(**FindKind("registry"), resource));
  CHECK(text.find("leak") == std::string::npos);
  CHECK(text.find("default") == std::string::npos);
}

}  // namespace slipway::cli
