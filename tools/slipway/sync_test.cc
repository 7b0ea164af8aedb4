#include <catch2/catch.hpp>

#include "tools/slipway/testing/desk.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr char kProd[] = "projects/demo/apps/hello/environments/prod";

bj::object Sync(const std::string& reason) {
  return {{"name", kProd},
          {"reason", reason},
          {"commit", "81c0d2e5b7"},
          {"askedBy", ""},
          {"drift", ""}};
}

}  // namespace

TEST_CASE("an environment is suspended, synced and resumed by its name") {
  Desk desk;
  const std::string post = std::string("POST /v1/") + kProd;
  desk.gateway.On(
      post + ":suspend",
      Sync("suspended by user:ann since 2026-03-01T12:00:00.000Z: slipway resume hello/prod"));
  desk.gateway.On(post + ":resume", Sync(""));
  bj::object asked = Sync("");
  asked["askedBy"] = "user:ann";
  desk.gateway.On(post + ":sync", asked);
  const Result suspended = desk.Run({"suspend", "hello/prod"});
  CHECK(suspended.code == 0);
  CHECK(suspended.out ==
        "demo/hello/prod  suspended by user:ann since 2026-03-01T12:00:00.000Z: slipway resume "
        "hello/prod\n");
  CHECK(desk.Run({"resume", "hello/prod"}).out ==
        "demo/hello/prod  nothing stands against a sync; commit 81c0d2e is applied\n");
  CHECK(Has(desk.Run({"sync", "hello/prod"}).out,
            "  user:ann asked for a sync, which is under way\n"));
  CHECK(Has(desk.Run({"sync", "hello/prod", "-o", "json"}).out, "\"askedBy\": \"user:ann\""));
  CHECK(desk.gateway.BodyOf(post + ":sync") == bj::object());
  CHECK(desk.Run({"sync", "hello/prod", "--prune"}).code == 0);
  CHECK(desk.gateway.BodyOf(post + ":sync") == bj::object{{"prune", true}});
  CHECK(desk.Run({"suspend"}).code == 2);
}

TEST_CASE("why names what stands against a sync, for one environment and for all of an app") {
  Desk desk;
  bj::object held = Sync("denied by window freeze until 2026-03-01T13:00:00.000Z");
  held["untilTime"] = "2026-03-01T13:00:00Z";
  held["drift"] = "the pod is missing";
  desk.gateway.On(std::string("GET /v1/") + kProd + ":syncStatus", held);
  desk.gateway.On("GET /v1/projects/demo/apps/hello/environments/-/deployments",
                  {{"deployments", bj::array{{{"status", {{"sync", held}}}}}}});
  const std::string expected =
      "demo/hello/prod  denied by window freeze until 2026-03-01T13:00:00.000Z\n"
      "  until  2026-03-01T13:00:00Z\n"
      "  drift  the pod is missing\n";
  CHECK(desk.Run({"why", "hello/prod"}).out == expected);
  CHECK(desk.Run({"why", "hello"}).out == expected);
  // A kind without a name is no app.
  CHECK(desk.Run({"why", "run"}).code == 2);
}

}  // namespace slipway::cli
