#include <catch2/catch.hpp>

#include "tools/slipway/testing/desk.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr char kRun[] = "projects/demo/apps/hello/workflows/main/runs/7";
constexpr char kJob[] = "projects/demo/apps/hello/workflows/main/runs/7/jobs/build";

bj::value RunIn(const std::string& state, const std::string& step_state,
                const std::string& reason = "") {
  return {{"name", kRun},
          {"state", state},
          {"reason", reason},
          {"commit", "3f2a91c0000000000000000000000000000000000"},
          {"image", ""},
          {"createTime", "2026-03-01T12:00:00Z"},
          {"endTime", "2026-03-01T12:00:02Z"},
          {"jobs", bj::array{{{"name", kJob},
                              {"state", state},
                              {"attempt", 1},
                              {"steps", bj::array{{{"name", "unit-test"},
                                                   {"stage", "pre-build"},
                                                   {"state", step_state},
                                                   {"reason", reason},
                                                   {"startTime", "2026-03-01T12:00:00Z"},
                                                   {"endTime", "2026-03-01T12:00:01.5Z"}}}}}}}};
}

bj::value Chunk(int64_t offset, const std::string& text, int attempt = 1, bool last = false) {
  return {{"offset", std::to_string(offset)}, {"text", text}, {"attempt", attempt}, {"last", last}};
}

constexpr char kApp[] = "/v1/projects/demo/apps/hello";
constexpr char kWorkflow[] = "/v1/projects/demo/apps/hello/workflows/main";

}  // namespace

TEST_CASE("a run that is waited for decides the exit code") {
  Desk desk;
  desk.gateway.On(std::string("POST ") + kWorkflow + ":run", RunIn("PENDING", "PENDING"));
  const std::string watch = std::string("GET /v1/") + kRun + ":watch";

  SECTION("it passes, through a lost connection") {
    desk.gateway.Stream(watch, {FakeGateway::Event(RunIn("RUNNING", "RUNNING"))});
    desk.gateway.Stream(watch, {FakeGateway::ErrorEvent("UNAVAILABLE", "build is not reached")});
    desk.gateway.Stream(watch,
                        {FakeGateway::Event(RunIn("RUNNING", "SUCCEEDED")),
                         FakeGateway::Event(RunIn("SUCCEEDED", "SUCCEEDED")), FakeGateway::kEnd});
    const Result result =
        desk.Run({"run", "hello/main", "--commit", "3f2a", "--var", "A=b=c", "--wait"});
    CHECK(result.code == 0);
    CHECK(Has(result.out, "  pre-build   unit-test        passed    1.5 s\n"));
    CHECK(Has(result.out, "run demo/hello/main#7  passed  2.0 s\n"));
    CHECK(Has(result.err, "connection lost, trying again"));
    const bj::value body = desk.gateway.BodyOf(std::string("POST ") + kWorkflow);
    CHECK(body.at("commit") == "3f2a");
    CHECK(body.at("variables").at("A") == "b=c");
    CHECK(body.at("requestId").as_string().size() == 32);
  }
  SECTION("it fails, and says why") {
    desk.gateway.Stream(
        watch,
        {FakeGateway::Event(RunIn("FAILED", "FAILED", "the script ended with exit code 2"))});
    const Result result = desk.Run({"run", "hello/main", "--wait"});
    CHECK(result.code == 1);
    CHECK(
        Has(result.out, "unit-test        failed    1.5 s   the script ended with exit code 2\n"));
    CHECK(result.err ==
          "slipway: run demo/hello/main#7 failed: the script ended with exit code 2; see: slipway "
          "logs demo/hello/main#7\n");
  }
  SECTION("programs get one document") {
    desk.gateway.Stream(watch,
                        {FakeGateway::Event(RunIn("SUCCEEDED", "SUCCEEDED")), FakeGateway::kEnd});
    const Result result = desk.Run({"run", "hello/main", "--wait", "-o", "json"});
    CHECK(result.code == 0);
    CHECK(bj::parse(result.out).at("state") == "SUCCEEDED");
  }
}

TEST_CASE("errors of the server become exit codes") {
  Desk desk;
  const std::string target = std::string("GET ") + kApp;
  const auto code_of = [&](int status, const char* code) {
    Desk fresh;
    fresh.gateway.Fail(target, status, code, "something is wrong with projects/demo/apps/hello");
    const Result result = fresh.Run({"get", "app", "hello"});
    CHECK(Has(result.err, "slipway: something is wrong with demo/hello"));
    return result.code;
  };
  CHECK(code_of(400, "INVALID_ARGUMENT") == 2);
  CHECK(code_of(400, "FAILED_PRECONDITION") == 1);
  CHECK(code_of(409, "ABORTED") == 1);
  CHECK(code_of(500, "INTERNAL") == 1);
  CHECK(code_of(401, "UNAUTHENTICATED") == 3);
  CHECK(code_of(403, "PERMISSION_DENIED") == 3);
  CHECK(code_of(404, "NOT_FOUND") == 3);
  CHECK(code_of(503, "UNAVAILABLE") == 3);
}

TEST_CASE("usage errors are 2 and name the remedy") {
  Desk desk;
  CHECK(desk.Run({}).code == 2);
  CHECK(Has(desk.Run({}).err, "Usage: slipway [OPTIONS] COMMAND"));
  CHECK(Has(desk.Run({"token"}).err, "slipway token [OPTIONS] COMMAND"));
  CHECK(desk.Run({"logs"}).err ==
        "slipway: name is required\nExample: slipway logs hello/main#7/unit-test -f\n");
  CHECK(Has(desk.Run({"logs", "x", "--folow"}).err, "--folow\nExample: slipway logs"));
  CHECK(desk.Run({"--help"}).code == 0);
  CHECK(Has(desk.Run({"logs", "--help"}).out, "Example: slipway logs"));
  CHECK(Has(desk.Run({"aply"}).err, "did you mean \"apply\"?"));
  CHECK(desk.Run({"run"}).code == 2);
  CHECK(desk.Run({"run", "hello/main", "--var", "novalue"}).code == 2);
  CHECK(desk.Run({"get", "apps", "-o", "xml"}).code == 2);
  CHECK(desk.Run({"why", "app", "hello"}).code == 2);
  CHECK(desk.Run({"rollback", "hello/prod", "--to", "x"}).code == 2);
  CHECK(Has(desk.Run({"runs", "--status", "faild"}).err, "did you mean \"failed\"?"));
  CHECK(Has(desk.Run({"token", "create", "ci", "--role", "developer"}).err,
            "unknown role \"developer\"; there are view, build-and-deploy"));
  CHECK(desk.gateway.asked().empty());
}

TEST_CASE("a server that is not there, or is none of ours, is said so") {
  Desk desk;
  desk.gateway.On("GET /v1/whoami", "<html>", 200);
  CHECK(desk.Run({"runs", "--app", "hello"}).code == 3);
  desk.env["SLIPWAY_URL"] = "http://127.0.0.1:1";
  const Result result = desk.Run({"whoami"});
  CHECK(result.code == 3);
  CHECK(Has(result.err, "can't reach http://127.0.0.1:1"));
  desk.env.erase("SLIPWAY_URL");
  CHECK(Has(desk.Run({"whoami"}).err, "slipway login URL"));
}

TEST_CASE("logs are written as they come") {
  Desk desk;
  desk.gateway.On(std::string("GET /v1/") + kRun, RunIn("RUNNING", "RUNNING"));
  const std::string log = std::string("GET /v1/") + kJob + "/log";

  SECTION("the first byte is shown before the second is there") {
    desk.gateway.HoldAfterFirst(log, {FakeGateway::Event(Chunk(0, "one\n")),
                                      FakeGateway::Event(Chunk(4, "two\n", 1, true))});
    desk.on_output = [&](const std::string& so_far) {
      if (so_far == "one\n") desk.gateway.Release();
    };
    const Result result = desk.Run({"logs", "hello/main#7", "-f"});
    CHECK(result.code == 0);
    CHECK(result.out == "one\ntwo\n");
  }
  SECTION("an interrupted log goes on where it was") {
    desk.gateway.Stream(
        log, {FakeGateway::Event(Chunk(0, "one\n")), FakeGateway::Event(Chunk(4, "two\n"))});
    // Asked from the last chunk on, the server cuts the pieces as it likes.
    desk.gateway.Stream(log + "?offset=4", {FakeGateway::Event(Chunk(4, "tw")),
                                            FakeGateway::ErrorEvent("UNAVAILABLE", "gone")});
    desk.gateway.Stream(log + "?offset=4",
                        {FakeGateway::Event(Chunk(4, "two\nthree\n", 1, true)), FakeGateway::kEnd});
    const Result result = desk.Run({"logs", "hello/main#7", "-f"});
    CHECK(result.code == 0);
    CHECK(result.out == "one\ntwo\nthree\n");
  }
  SECTION("a second attempt starts anew and says so") {
    desk.gateway.Stream(
        log, {FakeGateway::Event(Chunk(0, "first\n")), FakeGateway::Event(Chunk(0, "second\n", 2)),
              FakeGateway::Event(Chunk(7, "", 2, true)), FakeGateway::kEnd});
    const Result result = desk.Run({"logs", "hello/main#7", "-f"});
    CHECK(result.out == "first\nsecond\n");
    CHECK(result.err == "--- attempt 2: the log starts anew ---\n");
  }
  SECTION("a second attempt that began while nobody was connected is read from its start") {
    desk.gateway.Stream(
        log, {FakeGateway::Event(Chunk(0, "one\n")), FakeGateway::Event(Chunk(4, "two\n"))});
    desk.gateway.Stream(log,
                        {FakeGateway::Event(Chunk(0, "new one\n", 2, true)), FakeGateway::kEnd});
    desk.gateway.Stream(log + "?offset=4", {FakeGateway::Event(Chunk(4, "one\n", 2))});
    const Result result = desk.Run({"logs", "hello/main#7", "-f"});
    CHECK(result.out == "one\ntwo\nnew one\n");
  }
  SECTION("a step stands for the job where there is one job") {
    desk.gateway.Stream(log + "?step=unit-test", {bj::serialize(Chunk(0, "ok\n", 1, true)) + "\n"});
    CHECK(desk.Run({"logs", "hello/main#7/unit-test"}).out == "ok\n");
    CHECK(desk.Run({"logs", "hello/main#7/build/unit-test"}).out == "ok\n");
    const Result wrong = desk.Run({"logs", "hello/main#7/nothing"});
    CHECK(wrong.code == 3);
    CHECK(Has(wrong.err, "it has build, unit-test"));
  }
  SECTION("a bare app stands for its newest run") {
    desk.gateway.On("GET /v1/projects/demo/apps/hello/workflows/-/runs",
                    {{"runs", bj::array{{{"name", kRun}}}}});
    desk.gateway.Stream(log, {bj::serialize(Chunk(0, "ok\n", 1, true)) + "\n"});
    CHECK(desk.Run({"logs", "hello"}).out == "ok\n");
    CHECK(desk.Run({"logs", "demo/hello"}).out == "ok\n");
  }
}

TEST_CASE(
    "an app that never ran is told from one that is not there, and its first run is awaited") {
  Desk desk;
  const std::string runs = std::string("GET ") + kApp + "/workflows/-/runs";
  CHECK(Has(desk.Run({"logs", "hello", "-f"}).err, "slipway: "));
  desk.gateway.On(runs, {{"runs", bj::array()}});
  CHECK(desk.Run({"logs", "hello"}).code == 3);
  desk.gateway.On(std::string("GET ") + kApp, {{"name", "projects/demo/apps/hello"}});
  CHECK(desk.Run({"logs", "hello"}).err ==
        "slipway: demo/hello has no run yet; start one: slipway run hello/WORKFLOW\n");
  Desk later;
  later.gateway.On(runs, {{"runs", bj::array()}});
  later.gateway.On(runs, {{"runs", bj::array{RunIn("SUCCEEDED", "SUCCEEDED")}}});
  later.gateway.On(std::string("GET ") + kApp, {{"name", "projects/demo/apps/hello"}});
  later.gateway.On(std::string("GET /v1/") + kRun, RunIn("SUCCEEDED", "SUCCEEDED"));
  later.gateway.Stream(std::string("GET /v1/") + kJob + "/log",
                       {FakeGateway::Event(Chunk(0, "one\n", 1, true)), FakeGateway::kEnd});
  const Result followed = later.Run({"logs", "hello", "-f"});
  CHECK(followed.out == "one\n");
  CHECK(followed.err == "no run yet; waiting for one\n");
}

TEST_CASE("a rollback is followed to its end") {
  Desk desk;
  const std::string name = "projects/demo/apps/hello/environments/prod/deployments/4";
  const auto deployment = [&](const char* state, const char* reason) {
    return bj::value{{"name", name},
                     {"status", {{"state", state}, {"reason", reason}, {"url", "http://x"}}},
                     {"createTime", "2026-03-01T12:00:00Z"},
                     {"endTime", "2026-03-01T12:00:01Z"}};
  };
  desk.gateway.On("POST /v1/projects/demo/apps/hello/environments/prod:rollback",
                  deployment("PENDING", ""));
  SECTION("healthy") {
    desk.gateway.Stream("GET /v1/" + name + ":watch",
                        {FakeGateway::Event(deployment("SYNCING", "")),
                         FakeGateway::Event(deployment("HEALTHY", "")), FakeGateway::kEnd});
    const Result result =
        desk.Run({"rollback", "hello/prod", "--to", "2", "--config", "saved", "--wait"});
    CHECK(result.code == 0);
    CHECK(Has(result.out, "  syncing\n"));
    CHECK(Has(result.out, "deployment demo/hello/prod#4  healthy  1.0 s  http://x\n"));
    const bj::value body = desk.gateway.BodyOf("POST /v1/projects");
    CHECK(body.at("to") == "2");
    CHECK(body.at("config") == "SAVED");
  }
  SECTION("not healthy") {
    desk.gateway.Stream("GET /v1/" + name + ":watch",
                        {FakeGateway::Event(deployment("UNHEALTHY", "port 8080 is closed"))});
    const Result result = desk.Run({"rollback", "hello/prod", "--wait"});
    CHECK(result.code == 1);
    CHECK(Has(result.err, "unhealthy: port 8080 is closed"));
  }
}

TEST_CASE("why and timeline read like sentences") {
  Desk desk;
  desk.gateway.On(
      "GET /v1/deliveries/01JD",
      {{"name", "deliveries/01JD"},
       {"outcome", "accepted, nothing started"},
       {"matches", bj::array{{{"workflow", "projects/demo/apps/hello/workflows/main"},
                              {"run", ""},
                              {"reason", "branch \"feature/x\" is not branch \"main\""}}}}});
  desk.gateway.On("GET /v1/decisions", {{"records", bj::array()}});
  CHECK(desk.Run({"why", "delivery", "01JD"}).out ==
        "accepted, nothing started\n"
        "  demo/hello/main  not started: branch \"feature/x\" is not branch \"main\"\n");

  desk.gateway.On(std::string("GET /v1/") + kRun, RunIn("SUCCEEDED", "SUCCEEDED"));
  desk.gateway.On("GET /v1/timeline",
                  {{"records", bj::array{{{"time", "2026-03-01T12:00:00.000Z"},
                                          {"message", "push received by the git host"},
                                          {"rule", ""}},
                                         {{"time", "2026-03-01T12:00:00.009Z"},
                                          {"message", "matched 1 workflow"},
                                          {"rule", "branch main"}}}}});
  CHECK(desk.Run({"timeline", "hello/main#7"}).out ==
        "  0 ms  push received by the git host\n"
        "  9 ms  matched 1 workflow             why: branch main\n");
}

TEST_CASE("deleting asks for the name") {
  Desk desk;
  desk.gateway.On(
      "GET /v1/projects/demo/apps/hello/workflows",
      {{"workflows",
        bj::array{{{"name", "projects/demo/apps/hello/workflows/main"},
                   {"spec",
                    {{"deploymentPipelines",
                      bj::array{{{"environment", "dev"}}, {{"environment", "prod"}}}}}}}}}});
  desk.gateway.On(std::string("DELETE ") + kWorkflow + "/deploymentPipelines/prod", bj::object());
  const auto remove = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"delete", "deployment-pipeline", "hello/prod"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return desk.Run(arguments);
  };
  CHECK(remove({}).code == 2);
  CHECK(remove({"--confirm", "hello/dev"}).code == 2);
  CHECK(desk.gateway.asked().back().find("DELETE") == std::string::npos);
  CHECK(remove({"--confirm", "demo/hello/prod"}).code == 0);
  CHECK(desk.gateway.asked().back() ==
        std::string("DELETE ") + kWorkflow + "/deploymentPipelines/prod");
  CHECK(Has(desk.Run({"delete", "deployment-pipeline", "hello/qa", "--confirm", "hello/qa"}).err,
            "it has dev, prod"));
}

TEST_CASE("lists follow their pages up to the limit") {
  Desk desk;
  desk.gateway.On("GET /v1/projects?pageSize=3",
                  {{"projects", bj::array{{{"name", "projects/a"}}, {{"name", "projects/b"}}}},
                   {"nextPageToken", "t"}});
  desk.gateway.On("GET /v1/projects?pageSize=1&pageToken=t",
                  {{"projects", bj::array{{{"name", "projects/c"}}}}, {"nextPageToken", "more"}});
  CHECK(desk.Run({"get", "projects", "--limit", "3"}).out == "NAME\na\nb\nc\n");
}

TEST_CASE("a login is kept, used and forgotten, and no secret is shown") {
  Desk desk;
  desk.env.erase("SLIPWAY_URL");
  desk.env.erase("SLIPWAY_TOKEN");
  desk.gateway.On("POST /v1/auth:signIn",
                  {{"token", "session-token"}, {"expireTime", "2026-12-21T10:00:00Z"}});
  desk.gateway.On("GET /v1/whoami",
                  {{"principal",
                    {{"kind", "USER"},
                     {"id", "eve"},
                     {"grants", bj::array{{{"role", "VIEW"}, {"project", "demo"}}}}}}});
  desk.gateway.On("POST /v1/auth:signOut", bj::object());
  const Result login = desk.Run(
      {"login", desk.gateway.url() + "/", "--user", "eve", "--password-stdin"}, "pass word\n");
  CHECK(login.code == 0);
  CHECK_FALSE(Has(login.out + login.err, "session-token"));
  CHECK(desk.gateway.BodyOf("POST /v1/auth:signIn").at("password") == "pass word");
  CHECK(desk.Run({"whoami"}).out ==
        "user eve at " + desk.gateway.url() + ", project demo\n  view  on project demo\n");
  CHECK(desk.Run({"logout"}).code == 0);
  CHECK(desk.gateway.asked().back().find("POST /v1/auth:signOut") == 0);
  CHECK(desk.Run({"whoami"}).code == 3);
}

TEST_CASE("a new token's secret stands alone on standard output") {
  Desk desk;
  desk.gateway.On("POST /v1/tokens?tokenId=ci",
                  {{"name", "tokens/ci"},
                   {"status", {{"secret", "swy_x"}, {"expireTime", "2026-06-01T00:00:00Z"}}}});
  const Result result = desk.Run({"token", "create", "ci", "--role", "build-and-deploy", "--app",
                                  "demo/hello", "--expires", "90d"});
  CHECK(result.out == "swy_x\n");
  CHECK(desk.gateway.BodyOf("POST /v1/tokens") ==
        bj::value{
            {"spec",
             {{"grants",
               bj::array{{{"role", "BUILD_AND_DEPLOY"}, {"project", "demo"}, {"app", "hello"}}}},
              {"expires", "7776000s"}}}});
}

TEST_CASE("tokens are listed and revoked") {
  Desk desk;
  desk.gateway.On(
      "GET /v1/tokens",
      {{"tokens", bj::array{{{"name", "tokens/ci"}, {"status", {{"hint", "swy_x1"}}}}}}});
  desk.gateway.On("DELETE /v1/tokens/ci", bj::object());
  CHECK(desk.Run({"token", "list"}).out == "NAME  BEGINS WITH\nci    swy_x1\n");
  CHECK(desk.Run({"token", "revoke", "ci"}).out == "token ci  revoked\n");
  CHECK(desk.Run({"token", "revoke", "other"}).code == 3);
}

TEST_CASE("what a person types stays a name") {
  Desk desk;
  desk.Run({"get", "app", "../..?x=1"});
  for (const std::string& asked : desk.gateway.asked()) CHECK(asked.find("?") == std::string::npos);
}

}  // namespace slipway::cli
