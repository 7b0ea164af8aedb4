#include "services/pipeline/tests/engine_fixture.h"

namespace slipway::pipeline {

TEST_CASE("a definition is created, read, changed and deleted") {
  EngineFixture f;
  v1::Project project = Parse<v1::Project>(R"(spec {description: "One"})");
  REQUIRE(f.engine->definitions.Create(f.caller, "", "one", false, &project).ok());
  CHECK(project.name() == "projects/one");
  CHECK(project.status().id() > 0);
  CHECK(project.status().state() == v1::ACTIVE);
  const std::string etag = project.etag();

  project.mutable_spec()->set_description("Changed");
  REQUIRE(f.engine->definitions.Update(f.caller, false, false, &project).ok());
  CHECK(project.etag() != etag);
  CHECK(f.Get<v1::Project>("projects/one")->spec().description() == "Changed");

  v1::Project stale = project;
  stale.set_etag(etag);
  CHECK(ReasonOf(f.engine->definitions.Update(f.caller, false, false, &stale)) == "ETAG_MISMATCH");
  CHECK(f.Delete<v1::Project>("projects/one", etag).code() == absl::StatusCode::kAborted);
  CHECK(f.Get<v1::Project>("projects/none").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("a name that is taken is refused and a create without a name makes a unique one") {
  EngineFixture f;
  v1::Project again;
  CHECK(f.engine->definitions.Create(f.caller, "", "demo", false, &again).code() ==
        absl::StatusCode::kAlreadyExists);
  const auto app = [] {
    return Parse<v1::App>(R"(spec {repositories {name: "s" url: "http://h/x/hello.git"}})");
  };
  v1::App first = app(), second = app();
  REQUIRE(f.engine->definitions.Create(f.caller, "projects/demo", "", false, &first).ok());
  REQUIRE(f.engine->definitions.Create(f.caller, "projects/demo", "", false, &second).ok());
  CHECK(first.name().starts_with("projects/demo/apps/hello-"));
  CHECK(first.name() != second.name());
}

TEST_CASE("an update that changes nothing keeps etag and time") {
  EngineFixture f;
  f.SaveHello();
  const auto before = *f.Get<v1::Workflow>("projects/demo/apps/hello/workflows/main");
  f.SaveHello();
  const auto after = *f.Get<v1::Workflow>("projects/demo/apps/hello/workflows/main");
  CHECK(before.etag() == after.etag());
  CHECK(before.update_time().SerializeAsString() == after.update_time().SerializeAsString());
}

TEST_CASE("validate_only checks all and changes nothing") {
  EngineFixture f;
  v1::Project project;
  REQUIRE(f.engine->definitions.Create(f.caller, "", "dry", true, &project).ok());
  CHECK(project.name() == "projects/dry");
  CHECK_FALSE(f.Get<v1::Project>("projects/dry").ok());
}

TEST_CASE("lists come in pages that only show what the caller may see") {
  EngineFixture f;
  for (const char* id : {"a", "b", "c", "d", "e"})
    f.Save<v1::Project>("name: \"projects/" + std::string(id) + "\"");
  f.caller.may_see = [](const std::string& name) {
    return name != "projects/b" && name != "projects/demo";
  };
  std::vector<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    v1::ListProjectsResponse page;
    const auto next = f.engine->definitions.List(f.caller, Kind::kProject, "", 2, token,
                                                 [&] { return page.add_projects(); });
    REQUIRE(next.ok());
    CHECK(page.projects_size() <= 2);
    for (const auto& project : page.projects()) seen.push_back(project.name());
    token = *next;
    ++pages;
  } while (!token.empty());
  CHECK(seen == std::vector<std::string>{"projects/a", "projects/c", "projects/d", "projects/e"});
  CHECK(pages == 2);
  const auto foreign = f.engine->definitions.List(f.caller, Kind::kCluster, "", 2, "cHJvamVjdHM",
                                                  [] { return nullptr; });
  CHECK(ReasonOf(foreign.status()) == "PAGE_TOKEN");
}

TEST_CASE("secret values are sealed, kept when left out, and never given back") {
  EngineFixture f;
  const auto registry = *f.Get<v1::Registry>("registries/local");
  CHECK_FALSE(registry.spec().has_password());
  CHECK(registry.status().password_set());
  CHECK(
      f.database.Value(
          "SELECT count(*)::text AS v FROM secret_values WHERE sealed LIKE '%registry-secret%'") ==
      "0");
  CHECK(
      f.database.Value(
          "SELECT count(*)::text AS v FROM resources WHERE spec LIKE '%registry-secret%'::bytea") ==
      "0");

  const auto kept = f.Save<v1::Registry>(
      R"(name: "registries/local" spec {url: "http://127.0.0.1:8482" username: "other" default: true})");
  CHECK(kept.status().password_set());
  const auto same = f.Save<v1::Registry>(
      R"(name: "registries/local" spec {url: "http://127.0.0.1:8482" username: "other"
                                             password {value: "registry-secret"} default: true})");
  CHECK(same.etag() == kept.etag());
  v1::ResolveSecretsRequest request;
  request.add_registries("registries/local");
  const auto resolved = f.engine->planner.ResolveSecrets(f.caller, request);
  REQUIRE(resolved.ok());
  CHECK(resolved->registries().at("registries/local").password() == "registry-secret");
  CHECK(resolved->registries().at("registries/local").host() == "127.0.0.1:8482");
  CHECK(resolved->registries().at("registries/local").insecure());
}

TEST_CASE("a credential of a cluster or registry that changed is told once, without its value") {
  EngineFixture f;
  const auto told = [&f](const std::string& type, const std::string& name) {
    return f.database.Value("SELECT count(*)::text AS v FROM events WHERE type = '" + type +
                            "' AND subject = '" + name +
                            "' AND payload NOT LIKE '%the-token%'::bytea");
  };
  const auto save = [&f](const std::string& token) {
    f.Save<v1::Cluster>(R"(name: "clusters/far" spec {kubernetes {server: "https://k.example"
                           token {value: ")" +
                        token + "\"}}}");
    f.Save<v1::Registry>(R"(name: "registries/far" spec {url: "https://r.example" username: "u"
                            password {value: ")" +
                         token + "\"}}");
  };
  save("the-token");
  CHECK(told("cluster.changed", "clusters/far") == "1");
  CHECK(told("registry.changed", "registries/far") == "1");
  save("the-token");
  CHECK(told("cluster.changed", "clusters/far") == "1");
  CHECK(told("registry.changed", "registries/far") == "1");
  save("the-token-2");
  CHECK(told("cluster.changed", "clusters/far") == "2");
  CHECK(told("registry.changed", "registries/far") == "2");
  REQUIRE(f.Delete<v1::Registry>("registries/far").ok());
  CHECK(told("registry.changed", "registries/far") == "3");
}

TEST_CASE("a stored credential is not kept for another host") {
  EngineFixture f;
  const absl::Status moved =
      f.TrySave<v1::GitAccount>(R"(name: "gitAccounts/local" spec {host: "evil.example"})");
  CHECK(moved.code() == absl::StatusCode::kInvalidArgument);
  CHECK(DetailsOf(moved).field_violations[0].field == "spec.token");
  CHECK(f.TrySave<v1::GitAccount>(
             R"(name: "gitAccounts/local" spec {host: "other.example" token {value: "new"}})")
            .ok());
  CHECK(f.TrySave<v1::Registry>(
             R"(name: "registries/local" spec {url: "http://evil.example" default: true})")
            .code() == absl::StatusCode::kInvalidArgument);
  f.Save<v1::Cluster>(
      R"(name: "clusters/far" spec {kubernetes {server: "https://k.example" token {value: "t"}}})");
  const absl::Status cluster = f.TrySave<v1::Cluster>(
      R"(name: "clusters/far" spec {kubernetes {server: "https://evil.example"}})");
  CHECK(cluster.code() == absl::StatusCode::kInvalidArgument);
  CHECK(f.Save<v1::Cluster>(
             R"(name: "clusters/far" spec {kubernetes {server: "https://k.example"
                ingress_without_address: true}})")
            .status()
            .credential_set());
}

TEST_CASE("a cluster is signed in to in one of three ways, and its credential is sealed") {
  EngineFixture f;
  const auto by_file = f.Save<v1::Cluster>(
      R"(name: "clusters/k8s" spec {kubernetes {kubeconfig {value: "kind: Config"}}})");
  CHECK(by_file.status().credential_set());
  CHECK_FALSE(by_file.spec().kubernetes().has_kubeconfig());
  v1::ResolveSecretsRequest request;
  request.add_clusters("clusters/k8s");
  auto resolved = f.engine->planner.ResolveSecrets(f.caller, request);
  REQUIRE(resolved.ok());
  CHECK(resolved->clusters().at("clusters/k8s").kubeconfig().value() == "kind: Config");

  const auto field_of = [&](const char* cluster) {
    const absl::Status status = f.TrySave<v1::Cluster>(cluster);
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    const auto violations = DetailsOf(status).field_violations;
    return violations.empty() ? std::string() : violations[0].field;
  };
  CHECK(field_of(R"(name: "clusters/k8s" spec {kubernetes {server: "https://10.0.0.1:6443"}})") ==
        "spec.kubernetes.token");
  CHECK(field_of(R"(name: "clusters/new" spec {kubernetes {}})") == "spec.kubernetes.kubeconfig");
  CHECK(field_of(R"(name: "clusters/new" spec {kubernetes {token {value: "t"}}})") ==
        "spec.kubernetes.token");
  CHECK(field_of(R"(name: "clusters/new" spec {kubernetes {server: "k8s" token {value: "t"}}})") ==
        "spec.kubernetes.server");
  CHECK(field_of(R"(name: "clusters/new" spec {kubernetes {in_cluster: true context: "x"}})") ==
        "spec.kubernetes.context");

  const auto by_token = f.Save<v1::Cluster>(
      R"(name: "clusters/k8s" spec {kubernetes {server: "https://10.0.0.1:6443" token {value: "t"}}})");
  CHECK(by_token.status().credential_set());
  resolved = f.engine->planner.ResolveSecrets(f.caller, request);
  REQUIRE(resolved.ok());
  CHECK(resolved->clusters().at("clusters/k8s").token().value() == "t");
  CHECK(resolved->clusters().at("clusters/k8s").server() == "https://10.0.0.1:6443");
  CHECK(f.Save<v1::Cluster>(R"(name: "clusters/own" spec {kubernetes {in_cluster: true}})")
            .spec()
            .kubernetes()
            .in_cluster());
}

TEST_CASE("one registry is the default and one variable has a name") {
  EngineFixture f;
  CHECK(ReasonOf(f.TrySave<v1::Registry>(
            R"(name: "registries/two" spec {url: "https://r.example" default: true})")) ==
        "DEFAULT_REGISTRY_EXISTS");
  f.Save<v1::Variable>(R"(name: "projects/demo/variables/LEVEL" spec {value: "1"})");
  CHECK(ReasonOf(f.TrySave<v1::Secret>(
            R"(name: "projects/demo/secrets/level" spec {value {value: "x"}})")) ==
        "VARIABLE_EXISTS");
  CHECK(f.TrySave<v1::Secret>(R"(name: "projects/demo/secrets/empty" spec {})").code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("one deployment pipeline for each app and environment, across all workflows") {
  EngineFixture f;
  f.SaveHello();
  const absl::Status second =
      f.TrySave<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/other" spec {
      source {build {from {branch: "other"} image {}}} deployment_pipelines {environment: "dev"}})");
  CHECK(second.code() == absl::StatusCode::kAlreadyExists);
  CHECK(DetailsOf(second).field_violations[0].field == "spec.deploymentPipelines[0].environment");
  CHECK(MessageOf(second).find("demo/hello/main") != std::string::npos);
  const absl::Status twice =
      f.TrySave<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/main" spec {
      source {build {from {branch: "main"} image {}}} deployment_pipelines {environment: "dev"}
      deployment_pipelines {environment: "prod"} deployment_pipelines {environment: "dev" after: "prod"}})");
  CHECK(twice.code() == absl::StatusCode::kAlreadyExists);
  CHECK(DetailsOf(twice).field_violations[0].field == "spec.deploymentPipelines[2].environment");
}

TEST_CASE("an apply that leaves out a deployment pipeline names the command that deletes it") {
  EngineFixture f;
  f.SaveHello();
  const absl::Status left_out =
      f.TrySave<v1::Workflow>(R"(name: "projects/demo/apps/hello/workflows/main" spec {
      source {build {from {branch: "main"} image {}}} deployment_pipelines {environment: "dev"}})");
  CHECK(left_out.code() == absl::StatusCode::kInvalidArgument);
  CHECK(MessageOf(left_out).find("slipway delete deployment-pipeline demo/hello/prod") !=
        std::string::npos);
}

TEST_CASE("a repository that a workflow builds from can't be taken away, but may move") {
  EngineFixture f;
  f.SaveHello();
  CHECK(f.TrySave<v1::App>(R"(name: "projects/demo/apps/hello" spec {})").code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(
      f.TrySave<v1::App>(
           R"(name: "projects/demo/apps/hello" spec {repositories {name: "source" url: "http://h/new"}})")
          .ok());
}

TEST_CASE("URLs that this installation does not call are refused when they are saved") {
  EngineFixture f([](std::string_view url) {
    return url.find("169.254.") == std::string_view::npos
               ? absl::OkStatus()
               : InvalidField("url", "is not called from here");
  });
  const absl::Status refused = f.TrySave<v1::App>(
      R"(name: "projects/demo/apps/x" spec {repositories {name: "s" url: "http://169.254.169.254/latest"}})");
  CHECK(DetailsOf(refused).field_violations[0].field == "spec.repositories[0].url");
}

TEST_CASE("values are literal whatever they look like to SQL") {
  EngineFixture f;
  const std::string evil = "'; DROP TABLE resources; -- \\\" $1 ünïcode";
  v1::Project project;
  project.set_name("projects/demo");
  project.mutable_spec()->set_description(evil);
  REQUIRE(f.engine->definitions.Update(f.caller, false, false, &project).ok());
  CHECK(f.Get<v1::Project>("projects/demo")->spec().description() == evil);
  CHECK_FALSE(f.Get<v1::Project>("projects/x' OR '1'='1").ok());
}

TEST_CASE("a set of documents is checked as if it were applied in order") {
  EngineFixture f;
  const auto request = Parse<v1::ValidateResourcesRequest>(R"(
    resources {project {name: "projects/demo"}}
    resources {app {name: "projects/demo/apps/new" spec {repositories {name: "source" url: "http://h/x"}}}}
    resources {workflow {name: "projects/demo/apps/new/workflows/main" spec {
      source {build {from {branch: "main"} image {}}}
      deployment_pipelines {environment: "dev"} deployment_pipelines {environment: "prod" after: "dv"}}}}
    resources {workflow {name: "projects/demo/apps/new/workflows/Bad" spec {source {build {from {branch: "x"}}}}}}
    resources {environment {name: "environments/dev" spec {cluster: "local" protected: true}}})");
  const auto response = f.engine->definitions.ValidateSet(f.caller, request);
  REQUIRE(response.ok());
  using Result = v1::ValidateResourcesResponse::Result;
  REQUIRE(response->results_size() == 5);
  CHECK(response->results(0).outcome() == Result::UNCHANGED);
  CHECK(response->results(1).outcome() == Result::CREATED);
  CHECK(response->results(2).outcome() == Result::REFUSED);
  CHECK(response->results(2).violations(0).field() == "spec.deploymentPipelines[1].after");
  CHECK(response->results(3).outcome() == Result::REFUSED);
  CHECK(response->results(3).violations(0).field() == "metadata.name");
  CHECK(response->results(4).outcome() == Result::UPDATED);
  CHECK_FALSE(f.Get<v1::App>("projects/demo/apps/new").ok());
}

TEST_CASE("what a caller may not change is refused in a set") {
  EngineFixture f;
  f.caller.may_edit = [](const std::string& name, bool global) {
    return global ? absl::PermissionDeniedError("no " + name) : absl::OkStatus();
  };
  const auto response = f.engine->definitions.ValidateSet(
      f.caller, Parse<v1::ValidateResourcesRequest>(
                    R"(resources {cluster {name: "clusters/x" spec {local {}}}}
                                                       resources {variable {name: "projects/demo/variables/A"}})"));
  REQUIRE(response.ok());
  CHECK(response->results(0).violations(0).description() == "no clusters/x");
  CHECK(response->results(1).outcome() == v1::ValidateResourcesResponse::Result::CREATED);
}

TEST_CASE("old Plans are deleted and new ones stay") {
  EngineFixture f;
  f.database.Exec(
      "INSERT INTO plans (digest, workflow, plan, created_at) VALUES"
      " ('old', 'w', '', now() - interval '31 days'), ('new', 'w', '', now())");
  CHECK(*f.engine->planner.PruneOld(absl::Now(), 1000) == 1);
  CHECK(f.database.Value("SELECT string_agg(digest, ',') AS v FROM plans") == "new");
}

}  // namespace slipway::pipeline
