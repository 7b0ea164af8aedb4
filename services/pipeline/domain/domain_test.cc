#include <catch2/catch.hpp>

#include "google/protobuf/text_format.h"
#include "libs/base/error.h"
#include "services/pipeline/domain/fields.h"
#include "services/pipeline/domain/kind.h"
#include "services/pipeline/domain/merge_deploy.h"
#include "services/pipeline/domain/references.h"
#include "services/pipeline/domain/repository_url.h"

namespace slipway::pipeline {
namespace {

template <typename M>
M Parse(const std::string& text) {
  M message;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &message));
  return message;
}

}  // namespace

TEST_CASE("names are taken apart by kind and only by their own kind") {
  CHECK(ParseName(Kind::kApp, "projects/demo/apps/hello")->parent == "projects/demo");
  CHECK(ParseName(Kind::kWorkflow, "projects/demo/apps/hello/workflows/main")->id == "main");
  CHECK(ParseName(Kind::kVariable, "environments/dev/variables/LEVEL")->parent ==
        "environments/dev");
  CHECK(ParseName(Kind::kSecret, "projects/p/apps/a/secrets/key")->parent == "projects/p/apps/a");
  for (const char* bad :
       {"", "apps/hello", "projects/demo/apps/", "projects/demo/apps", "projects//apps/a",
        "projects/demo/workflows/x", "x/projects/demo/apps/a"}) {
    INFO(bad);
    CHECK_FALSE(ParseName(Kind::kApp, bad).ok());
  }
  CHECK(MessageOf(ParseName(Kind::kWorkflow, "x").status()).find("projects/P/apps/A/workflows/W") !=
        std::string::npos);
}

TEST_CASE("short names are what people type") {
  CHECK(ShortName("projects/demo/apps/hello/workflows/main") == "demo/hello/main");
  CHECK(ShortName("environments/dev") == "dev");
  CHECK(AppNameOf("projects/demo/apps/hello/workflows/main") == "projects/demo/apps/hello");
  CHECK(AppNameOf("projects/demo").empty());
}

TEST_CASE("the parent of a definition must be of a kind that may hold it") {
  CHECK(CheckParent(Kind::kProject, "").ok());
  CHECK_FALSE(CheckParent(Kind::kProject, "projects/demo").ok());
  CHECK(CheckParent(Kind::kVariable, "environments/dev").ok());
  CHECK_FALSE(CheckParent(Kind::kVariable, "clusters/local").ok());
  CHECK_FALSE(CheckParent(Kind::kWorkflow, "projects/demo").ok());
}

TEST_CASE("ids follow the rule of their kind") {
  CHECK(CheckId(Kind::kApp, "hello-2", "app_id").ok());
  CHECK_FALSE(CheckId(Kind::kApp, "Hello", "app_id").ok());
  CHECK(CheckId(Kind::kVariable, "GREETING_2", "variable_id").ok());
  CHECK(CheckId(Kind::kSecret, "api-key", "secret_id").ok());
  CHECK_FALSE(CheckId(Kind::kVariable, "2FAST", "variable_id").ok());
  CHECK_FALSE(CheckId(Kind::kVariable, "a/b", "variable_id").ok());
}

TEST_CASE("paths stay inside the repository") {
  for (const char* good :
       {".", "Dockerfile", "docker/Dockerfile.prod", "docs/**", "..hidden", "./a"}) {
    INFO(good);
    CHECK(PathProblem(good).empty());
  }
  for (const char* bad : {"", "/etc/passwd", "../x", "a/../../b", "a/..", "-rf", "a\nb", "a\\b"}) {
    INFO(bad);
    CHECK_FALSE(PathProblem(bad).empty());
  }
}

TEST_CASE("URLs are http or https, without credentials and without tricks") {
  for (const char* good : {"http://127.0.0.1:8481/demo/hello.git", "https://git.example.com/a/b",
                           "https://[::1]:8443/x"}) {
    INFO(good);
    CHECK(UrlProblem(good).empty());
  }
  for (const char* bad :
       {"", "-http://x", "--upload-pack=x", "ext::sh -c id", "file:///etc",
        "git@github.com:a/b.git", "ssh://git@h/x", "https://user:secret@h/x", "https://",
        "https:///x", "https://h/x y", "https://h/x?y=1", "https://h/x#y", "https://h/../x",
        "https://-h/x", "https://h:0/x", "https://h:99999/x"}) {
    INFO(bad);
    CHECK_FALSE(UrlProblem(bad).empty());
  }
}

TEST_CASE("quantities are those of Kubernetes") {
  for (const char* good : {"64Mi", "1G", "1.5Gi", "1048576"}) CHECK(MemoryProblem(good).empty());
  for (const char* bad : {"", "0", "64mb", "-1Mi", "Mi", "64 Mi", "1e3"})
    CHECK_FALSE(MemoryProblem(bad).empty());
  for (const char* good : {"500m", "1", "0.5", "1.5"}) CHECK(CpuProblem(good).empty());
  for (const char* bad : {"", "0", "0m", "0.0", "half", "1.5m", "-1"})
    CHECK_FALSE(CpuProblem(bad).empty());
}

TEST_CASE("branch names are what git accepts") {
  for (const char* good : {"main", "feature/x", "v1.2", "ünïcode"})
    CHECK(BranchProblem(good).empty());
  for (const char* bad : {"", "-x", "a..b", "a b", "a.lock", "a/.b", "refs/heads/main", "a~1",
                          "a@{1}", "@", "a/", "a//b", "x."}) {
    INFO(bad);
    CHECK_FALSE(BranchProblem(bad).empty());
  }
}

TEST_CASE("regular expressions are compiled and bounded when they are saved") {
  CHECK(RegexProblem("^release/.*$").empty());
  CHECK(RegexProblem("(a+)+$").empty());
  CHECK_FALSE(RegexProblem("").empty());
  CHECK_FALSE(RegexProblem("(").empty());
  CHECK_FALSE(RegexProblem("(?=look)").empty());
  CHECK_FALSE(RegexProblem(std::string(1025, 'a')).empty());
  CHECK_FALSE(RegexProblem("((((a{100}){100}){100}){100})").empty());
}

TEST_CASE("image repositories have neither host nor tag nor upper case") {
  CHECK(ImageRepositoryProblem("demo/hello").empty());
  CHECK(ImageRepositoryProblem("a__b/c--d.e").empty());
  for (const char* bad :
       {"Demo/hello", "demo/", "/demo", "demo:5000/x", "demo/hello:v1", "a..b", ""}) {
    INFO(bad);
    CHECK_FALSE(ImageRepositoryProblem(bad).empty());
  }
}

TEST_CASE("a registry's scheme decides whether it is spoken to in the clear") {
  CHECK(ParseRegistryUrl("http://127.0.0.1:8482", "f")->insecure);
  CHECK(ParseRegistryUrl("http://127.0.0.1:8482/", "f")->host == "127.0.0.1:8482");
  CHECK_FALSE(ParseRegistryUrl("registry.example.com", "f")->insecure);
  CHECK(ParseRegistryUrl("https://Registry.Example.com", "f")->host == "registry.example.com");
  for (const char* bad :
       {"", "ftp://x", "https://u:p@x", "https://ghcr.io/org", "ghcr.io/org", "a b"}) {
    INFO(bad);
    CHECK_FALSE(ParseRegistryUrl(bad, "f").ok());
  }
}

TEST_CASE("a credential belongs to one host and port") {
  CHECK(CredentialHostOf("https://Git.Example/x") == CredentialHost("git.example"));
  CHECK(CredentialHostOf("https://git.example:443/x") == CredentialHost("git.example:443"));
  CHECK(CredentialHostOf("http://127.0.0.1:8481/demo/hello.git") ==
        CredentialHost("127.0.0.1:8481"));
  CHECK(CredentialHostOf("http://git.example/x") != CredentialHost("git.example"));
  CHECK(CredentialHostOf("https://git.example.evil/x") != CredentialHost("git.example"));
  CHECK(CredentialHostOf("ext::x").empty());
}

TEST_CASE("sources merge by field, and lists of files as a whole") {
  auto merged = Parse<v1::DeploySpec>(
      R"(path: "chart" revision: "main" helm {image_key: "a" values_files: ["a", "b"]
         values {key: "x" value: "1"} values {key: "y" value: "1"}})");
  MergeDeploy(Parse<v1::DeploySpec>(R"(path: "chart/prod" helm {values_files: ["c"]
                                       values {key: "y" value: "2"}} kustomize {image: "i"}
                                       ignore_differences {json_pointers: "/spec/replicas"})"),
              &merged);
  MergeDeploy(Parse<v1::DeploySpec>(R"(path: "chart/prod")"), &merged);
  REQUIRE(merged.ignore_differences_size() == 1);
  CHECK(merged.ignore_differences(0).json_pointers(0) == "/spec/replicas");
  CHECK(merged.path() == "chart/prod");
  CHECK(merged.revision() == "main");
  CHECK(merged.helm().image_key() == "a");
  REQUIRE(merged.helm().values_files_size() == 1);
  CHECK(merged.helm().values_files(0) == "c");
  CHECK(merged.helm().values().at("x") == "1");
  CHECK(merged.helm().values().at("y") == "2");
  CHECK(merged.kustomize().image() == "i");
}

TEST_CASE("deployments merge key by key and the innermost wins") {
  auto merged = Parse<v1::DeploySpec>(
      R"(port: 8080 health_path: "/healthz" env {key: "A" value: "app"} env {key: "B" value: "app"}
         resources {memory: "64Mi" cpu: "500m"})");
  MergeDeploy(Parse<v1::DeploySpec>(
                  R"(env {key: "B" value: "environment"} resources {memory: "128Mi"} replicas: 2)"),
              &merged);
  MergeDeploy(Parse<v1::DeploySpec>(R"(env {key: "C" value: "pipeline"} replicas: 0)"), &merged);
  CHECK(merged.port() == 8080);
  CHECK(merged.env().at("A") == "app");
  CHECK(merged.env().at("B") == "environment");
  CHECK(merged.env().at("C") == "pipeline");
  CHECK(merged.resources().memory() == "128Mi");
  CHECK(merged.resources().cpu() == "500m");
  CHECK(merged.replicas() == 0);
}

TEST_CASE("a workflow refers to its registry and environments") {
  const auto workflow = Parse<v1::Workflow>(
      R"(spec { source {build {}} deployment_pipelines {environment: "prod"} deployment_pipelines {environment: "dev"} })");
  CHECK(ReferencesOf(workflow) ==
        std::vector<std::string>{"environments/dev", "environments/prod", kDefaultRegistryTarget});
}

TEST_CASE("all spellings of a repository's address have one form") {
  for (const char* url :
       {"https://Git.Example/a/b.git", "http://git.example/a/b/", "git@git.example:a/b.git",
        "ssh://git@git.example/a/b", "ssh://git@git.example:2222/a/b.git",
        "https://git.example:443/a/b", "https://user:secret@git.example/a/b",
        "git://git.example/a/b.git", "HTTPS://git.example/a/b?x=1"}) {
    INFO(url);
    CHECK(NormalRepositoryUrl(url) == "git.example/a/b");
  }
  CHECK(NormalRepositoryUrl("http://127.0.0.1:8481/demo/hello.git") == "127.0.0.1:8481/demo/hello");
  CHECK(NormalRepositoryUrl("https://git.example/A/b") == "git.example/A/b");
  for (const char* url : {"", "x", "ext::sh", "https://", "https://host", "ftp://h/x", "/a/b:c"}) {
    INFO(url);
    CHECK((NormalRepositoryUrl(url).empty() || std::string(url) == "ext::sh"));
  }
}

}  // namespace slipway::pipeline
