#include <catch2/catch.hpp>

#include "tools/slipway/testing/desk.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr char kManifest[] = R"(apiVersion: slipway/v1
kind: App
metadata: {project: demo, name: hello}
spec: {description: ok}
---
apiVersion: slipway/v1
kind: Workflow
metadata: {project: demo, app: hello, name: main}
spec:
  deploymentPipelines:
  - {environment: dev}
  - {environment: prod, after: dv}
---
apiVersion: slipway/v1
kind: Hook
metadata: {name: mine}
spec: {forge: github, repositories: ["https://git.example/"]}
)";

constexpr char kApp[] = "/v1/projects/demo/apps/hello";
constexpr char kWorkflow[] = "/v1/projects/demo/apps/hello/workflows/main";
constexpr char kPatchHook[] = "PATCH /v1/hooks/mine?allowMissing=true";

bj::value Validated(const char* app, const char* workflow, bj::array violations = {}) {
  return {{"results", bj::array{{{"outcome", app}, {"violations", bj::array()}},
                                {{"outcome", workflow}, {"violations", violations}}}}};
}

}  // namespace

TEST_CASE("apply checks all, then says what became of each") {
  Desk desk;
  desk.Write("m.yaml", kManifest);
  desk.gateway.On("POST /v1/resources:validate", Validated("CREATED", "UPDATED"));
  desk.gateway.On("PATCH /v1/hooks/mine?allowMissing=true&validateOnly=true",
                  {{"name", "hooks/mine"}});
  desk.gateway.On(std::string("GET ") + kWorkflow, {{"etag", "1"}});
  desk.gateway.On("GET /v1/hooks/mine", {{"etag", "5"}});
  desk.gateway.On(std::string("PATCH ") + kApp, {{"etag", "1"}});
  desk.gateway.On(std::string("PATCH ") + kWorkflow, {{"etag", "2"}});
  desk.gateway.On(kPatchHook, {{"etag", "5"}});

  SECTION("for people") {
    const Result result = desk.Run({"apply", "-f", "m.yaml"});
    CHECK(result.err == "");
    CHECK(result.out ==
          "app demo/hello            created\n"
          "workflow demo/hello/main  updated\n"
          "hook mine                 unchanged\n");
    CHECK(result.code == 0);
    CHECK(desk.gateway.BodyOf("POST /v1/resources:validate").at("resources").as_array().size() ==
          2);
    CHECK(desk.gateway.BodyOf("PATCH /v1/hooks/mine").at("spec").at("forge") == "github");
  }
  SECTION("for programs") {
    const Result result = desk.Run({"apply", "-f", "-", "-o", "json"}, kManifest);
    const bj::value answer = bj::parse(result.out);
    CHECK(answer.at(1).at("outcome") == "updated");
    CHECK(answer.at(1).at("name") == "projects/demo/apps/hello/workflows/main");
  }
  SECTION("a dry run changes nothing") {
    const Result result = desk.Run({"apply", "-f", "m.yaml", "--dry-run"});
    CHECK(Has(result.out, "app demo/hello            would be created\n"));
    for (const std::string& asked : desk.gateway.asked()) {
      CHECK((asked.find("PATCH") != 0 || Has(asked, "validateOnly=true")));
    }
  }
}

TEST_CASE("apply shows each mistake with its line and applies nothing") {
  Desk desk;
  desk.Write("m.yaml", kManifest);
  desk.gateway.On(
      "POST /v1/resources:validate",
      Validated("CREATED", "REFUSED",
                {{{"field", "spec.deploymentPipelines[1].after"},
                  {"description",
                   "no deployment pipeline \"dv\" in this workflow; did you mean \"dev\"?"}}}));
  desk.gateway.Fail("PATCH /v1/hooks/mine", 400, "INVALID_ARGUMENT",
                    "spec.repositories[0]: is no URL", {{"spec.repositories[0]", "is no URL"}});
  const Result result = desk.Run({"apply", "-f", "m.yaml"});
  CHECK(result.code == 2);
  CHECK(result.err ==
        "m.yaml:12: spec.deploymentPipelines[1].after: no deployment pipeline \"dv\" in this "
        "workflow; did you mean \"dev\"?\n"
        "m.yaml:17: spec.repositories[0]: is no URL\n");
  for (const std::string& asked : desk.gateway.asked())
    CHECK((asked.find("PATCH") != 0 || Has(asked, "validateOnly")));
}

TEST_CASE("apply shows an unknown field that the gateway found in the set at its line") {
  Desk desk;
  desk.Write("m.yaml", kManifest);
  desk.gateway.Fail("POST /v1/resources:validate", 400, "INVALID_ARGUMENT", "unknown field",
                    {{"resources[1].workflow.spec.deploymentPipelines[1].after", "unknown field"}});
  desk.gateway.On("PATCH /v1/hooks/mine", bj::object());
  const Result result = desk.Run({"apply", "-f", "m.yaml"});
  CHECK(result.code == 2);
  CHECK(result.err == "m.yaml:12: spec.deploymentPipelines[1].after: unknown field\n");
}

TEST_CASE("apply shows the mistakes of reading, of the form and of the sense at once") {
  Desk desk;
  desk.Write("m.yaml", R"(apiVersion: slipway/v1
kind: App
metadata: {project: demo, name: hello}
specs: {}
---
apiVersion: slipway/v1
kind: Workflow
metadata: {project: demo, app: hello, name: main}
spec:
  trigerr: manual
  deploymentPipelines:
  - {environment: dev}
  - {environment: prod, after: dv}
---
apiVersion: slipway/v1
kind: Hook
metadata: {name: mine}
spec: {forge: github, repositories: ["${NOT_SET}"], colour: red}
)");
  desk.gateway.Fail("POST /v1/resources:validate", 400, "INVALID_ARGUMENT", "unknown field",
                    {{"resources[1].workflow.spec.trigerr", "unknown field"}});
  desk.gateway.On(
      "POST /v1/resources:validate",
      {{"results",
        bj::array{{{"outcome", "REFUSED"},
                   {"violations", bj::array{{{"field", "spec.repositories"},
                                             {"description", "at least one is needed"}}}}},
                  {{"outcome", "REFUSED"},
                   {"violations",
                    bj::array{{{"field", "spec.trigger"}, {"description", "is needed"}},
                              {{"field", ""}, {"description", "app demo/hello was not found"}},
                              {{"field", "spec.deploymentPipelines[1].after"},
                               {"description", "no deployment pipeline \"dv\""}}}}}}}});
  desk.gateway.Fail("PATCH /v1/hooks/mine", 400, "INVALID_ARGUMENT", "unknown field",
                    {{"hook.spec.colour", "unknown field"}});
  const Result result = desk.Run({"apply", "-f", "m.yaml"});
  CHECK(result.code == 2);
  CHECK(result.err ==
        "m.yaml:4: specs: unknown member; did you mean \"spec\"?\n"
        "m.yaml:10: spec.trigerr: unknown field\n"
        "m.yaml:13: spec.deploymentPipelines[1].after: no deployment pipeline \"dv\"\n"
        "m.yaml:18: spec.repositories[0]: ${NOT_SET} is not set in the environment; export "
        "NOT_SET, or write $${ for ${ itself\n"
        "m.yaml:18: spec.colour: unknown field\n");
  const bj::value hook = desk.gateway.BodyOf("PATCH /v1/hooks/mine");
  CHECK(bj::serialize(hook.at("spec")) == R"({"forge":"github"})");
  for (const std::string& asked : desk.gateway.asked())
    CHECK((asked.find("PATCH") != 0 || Has(asked, "validateOnly")));
}

TEST_CASE("apply shows the mistakes of reading where no server is reached") {
  Desk desk;
  desk.env["SLIPWAY_URL"] = "http://127.0.0.1:9";
  desk.Write("m.yaml",
             "apiVersion: slipway/v1\nkind: App\nmetadata: {project: demo, name: a}\nspecs: {}\n");
  const Result result = desk.Run({"apply", "-f", "m.yaml"});
  CHECK(result.code == 2);
  CHECK(result.err == "m.yaml:4: specs: unknown member; did you mean \"spec\"?\n");
}

TEST_CASE("apply stops at the first failure and says what was done") {
  Desk desk;
  desk.Write("m.yaml", kManifest);
  desk.gateway.On("POST /v1/resources:validate", Validated("CREATED", "CREATED"));
  desk.gateway.On("PATCH /v1/hooks/mine?allowMissing=true&validateOnly=true", bj::object());
  desk.gateway.On(std::string("PATCH ") + kApp, {{"etag", "1"}});
  desk.gateway.Fail(std::string("PATCH ") + kWorkflow, 403, "PERMISSION_DENIED",
                    "you may not edit demo/hello");
  const Result result = desk.Run({"apply", "-f", "m.yaml"});
  CHECK(result.code == 3);
  CHECK(Has(result.out, "app demo/hello            created\n"));
  CHECK(Has(result.err, "m.yaml:6: you may not edit demo/hello\n"));
  CHECK(Has(result.err, "stopped at workflow demo/hello/main; 1 of 3 documents are applied"));
  for (const std::string& asked : desk.gateway.asked()) {
    CHECK((asked.find("PATCH /v1/hooks") != 0 || Has(asked, "validateOnly")));
  }
}

}  // namespace slipway::cli
