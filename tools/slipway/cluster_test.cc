#include <catch2/catch.hpp>

#include "libs/base/strings.h"
#include "tools/slipway/testing/desk.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

constexpr char kProd[] = "projects/demo/apps/hello/environments/prod";

}  // namespace

TEST_CASE("a tree shows children below their parents, with the reason of what is wrong") {
  Desk desk;
  desk.gateway.On(std::string("GET /v1/") + kProd + ":tree",
                  {{"cluster", "test"},
                   {"desiredCommit", "1111111aaaa"},
                   {"appliedCommit", "1111111aaaa"},
                   {"nodes", bj::array{{{"kind", "Deployment"},
                                        {"objectName", "hello"},
                                        {"namespace", "shop"},
                                        {"uid", "u1"},
                                        {"health", "Progressing"},
                                        {"message", "0 of 1 available"}},
                                       {{"kind", "Pod"},
                                        {"objectName", "hello-abc"},
                                        {"namespace", "shop"},
                                        {"uid", "u2"},
                                        {"parentUid", "u1"},
                                        {"health", "Degraded"},
                                        {"message", "image pull back-off"},
                                        {"events", bj::array{"Failed: no such image"}}}}}});
  const Result shown = desk.Run({"tree", "hello/prod"});
  INFO(shown.out << shown.err);
  CHECK(shown.code == 0);
  CHECK(Has(shown.out, "demo/hello/prod  on cluster test, commit 1111111 is applied\n"));
  CHECK(Has(shown.out, "\nDeployment hello"));
  CHECK(Has(shown.out, "\n  Pod hello-abc"));
  CHECK(Has(shown.out, "image pull back-off"));
  CHECK(Has(shown.out, "\n    ! Failed: no such image"));
  CHECK(Has(shown.out, "\nDeployment hello  shop       Progressing  0 of 1 available\n"));
}

TEST_CASE("a diff shows objects and their fields, or that nothing differs") {
  Desk desk;
  const std::string get = std::string("GET /v1/") + kProd + ":diff";
  desk.gateway.On(
      get, {{"commit", "1111111aaaa"},
            {"objects", bj::array{{{"object", "Deployment shop/hello"},
                                   {"change", "UPDATE"},
                                   {"lines", bj::array{"spec.replicas: 2 -> 3"}}},
                                  {{"object", "ConfigMap shop/old"}, {"change", "DELETE"}}}}});
  desk.gateway.On(get, {{"commit", "1111111aaaa"}});
  CHECK(desk.Run({"diff", "hello/prod"}).out ==
        "~ Deployment shop/hello\n    spec.replicas: 2 -> 3\n- ConfigMap shop/old\n");
  CHECK(desk.Run({"diff", "hello/prod"}).out == "nothing differs from commit 1111111\n");
}

TEST_CASE("clusters are listed with server, version and what is wrong with one now") {
  Desk desk;
  const auto cluster = [](const char* name, bj::object spec) {
    return bj::object{{"name", std::string("clusters/") + name}, {"spec", std::move(spec)}};
  };
  desk.gateway.On(
      "GET /v1/clusters",
      {{"clusters",
        bj::array{cluster("local", {{"local", bj::object()}}),
                  cluster("good", {{"kubernetes", {{"context", "a"}}}}),
                  cluster("bad", {{"kubernetes", {{"server", "https://bad.example:6443"}}}}),
                  cluster("secret", {{"kubernetes", {{"context", "b"}}}})}}});
  const auto stage = [](const char* name, bool ok, const char* message, const char* remedy) {
    return bj::object{{"name", name}, {"ok", ok}, {"message", message}, {"remedy", remedy}};
  };
  desk.gateway.On(
      "POST /v1/clusters/good:check",
      {{"ok", true},
       {"version", "v1.36.3"},
       {"stages", bj::array{stage("definition", true, "https://good.example:6443", "")}}});
  desk.gateway.On(
      "POST /v1/clusters/bad:check",
      {{"ok", false}, {"stages", bj::array{stage("reach", false, "refused", "start the server")}}});
  const Result listed = desk.Run({"get", "clusters"});
  INFO(listed.out << listed.err);
  CHECK(listed.code == 0);
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : Split(listed.out, '\n')) {
    std::vector<std::string> cells;
    for (const std::string& cell : Split(line, ' ')) {
      if (!cell.empty()) cells.push_back(cell);
    }
    if (!cells.empty()) rows.push_back(cells);
  }
  REQUIRE(rows.size() == 5);
  CHECK(rows[0] == std::vector<std::string>{"NAME", "SERVER", "STATUS", "VERSION"});
  CHECK(rows[1] == std::vector<std::string>{"local", "this", "machine"});
  CHECK(rows[2] ==
        std::vector<std::string>{"good", "https://good.example:6443", "ready", "v1.36.3"});
  CHECK(rows[3] == std::vector<std::string>{"bad", "https://bad.example:6443", "reach:", "start",
                                            "the", "server"});
  // Who may not check a cluster sees what is defined.
  CHECK(rows[4] == std::vector<std::string>{"secret", "of", "its", "kubeconfig,", "context", "b"});
  CHECK(desk.Run({"get", "clusters", "-o", "json"}).out.find("check") == std::string::npos);
}

TEST_CASE("a cluster that can't be used fails the check with the remedy") {
  Desk desk;
  const auto stage = [](const char* name, bool ok, const char* message, const char* remedy) {
    return bj::object{
        {"name", name}, {"ok", ok}, {"message", message}, {"remedy", remedy}, {"durationMs", "3"}};
  };
  desk.gateway.On("POST /v1/clusters/test:check",
                  {{"ok", false},
                   {"stages", bj::array{stage("reach", true, "v1.36.3", ""),
                                        stage("sign-in", false, "401", "give another token")}}});
  desk.gateway.On("POST /v1/clusters/test:check",
                  {{"ok", true}, {"stages", bj::array{stage("reach", true, "v1.36.3", "")}}});
  const Result failed = desk.Run({"cluster", "check", "test"});
  CHECK(failed.code != 0);
  CHECK(Has(failed.out, "v1.36.3"));
  CHECK(Has(failed.err, "give another token"));
  CHECK(desk.Run({"cluster", "check", "test"}).code == 0);
}

}  // namespace slipway::cli
