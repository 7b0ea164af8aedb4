#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

const AppEnvironment kDev = KubernetesStage::kDev;

std::string Secret(const std::string& value) {
  return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: " + value + "}\n";
}

std::string ValueOf(const KubernetesStage& stage) {
  return Base64Decode(stage.ns->Kubectl({"get", "secret", "s", "-o", "jsonpath={.data.k}"}))
      .value_or("(none)");
}

// Changes the Secret so that its managedFields say the same as before.
void ChangeUnseen(const KubernetesStage& stage, const std::string& value) {
  const boost::json::value before = stage.ns->Get("secret", "s");
  stage.ns->Kubectl({"patch", "secret", "s", "--type=merge", "-p",
                     R"({"stringData": {"k": ")" + value + R"("}})"});
  boost::json::value after = stage.ns->Get("secret", "s");
  after.at("metadata").as_object()["managedFields"] = before.at("metadata").at("managedFields");
  stage.ns->Kubectl({"replace", "-f", "-"}, boost::json::serialize(after));
  REQUIRE(ValueOf(stage) == value);
}

TEST_CASE("a Secret that was changed without a trace is found by the sweep and put back") {
  KubernetesStage stage({.sweep_interval = absl::Milliseconds(300)});
  stage.Commit(kDev, {{"s.yaml", Secret("first")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.process->Stop();
  ChangeUnseen(stage, "other");
  stage.Restart();
  CHECK(KubernetesStage::Eventually([&] { return ValueOf(stage) == "first"; }));
}

TEST_CASE("where self-heal is off such a change is shown and stays") {
  KubernetesStage stage({.sync = {.resync_interval = absl::Milliseconds(200)},
                         .sweep_interval = absl::Milliseconds(300)});
  slipway::pipeline::v1::EnvironmentSpec manual;
  manual.set_self_heal(false);
  stage.pipeline.SetEnvironment("dev", manual);
  stage.Commit(kDev, {{"s.yaml", Secret("first")}});
  REQUIRE(stage.AwaitSynced(kDev));
  stage.process->Stop();
  ChangeUnseen(stage, "other");
  stage.Restart();
  const auto shown = [&] {
    return stage.Environment(kDev).drift.find("Secret " + stage.ns->name() + "/s: values") == 0;
  };
  REQUIRE(KubernetesStage::Eventually(shown));
  // What others add to it changes nothing of that.
  stage.ns->Kubectl({"annotate", "secret", "s", "theirs=x"});
  const int64_t mark = stage.Mark();
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.proxy.Requests({.verb = "get", .resource = "secrets", .since = mark}).count >= 2;
  }));
  CHECK(shown());
  CHECK(ValueOf(stage) == "other");
  CHECK(stage.Writes(mark) == 0);
}

TEST_CASE("where nothing differs a sweep reads each Secret and writes nothing") {
  KubernetesStage stage({.sweep_interval = absl::Milliseconds(200)});
  stage.Commit(kDev, {{"s.yaml", Secret("first")},
                      {"a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}});
  REQUIRE(stage.AwaitSynced(kDev));
  const int64_t mark = stage.Mark();
  REQUIRE(KubernetesStage::Eventually([&] {
    return stage.proxy.Requests({.verb = "get", .resource = "secrets", .since = mark}).count >= 3;
  }));
  const auto all = stage.proxy.Requests({.since = mark});
  INFO(boost::json::serialize(all.requests));
  CHECK(all.counts.size() == 1);
  CHECK(stage.Writes(mark) == 0);
  CHECK(stage.Environment(kDev).drift.empty());
}

}  // namespace
}  // namespace slipway::gitops
