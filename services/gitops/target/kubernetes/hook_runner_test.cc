#include "services/gitops/target/kubernetes/hook_runner.h"

#include <catch2/catch.hpp>

#include "services/gitops/target/kubernetes/explainer.h"

namespace slipway::gitops::kubernetes {
namespace {

using State = HookRun::State;
using kube::HealthState;

TEST_CASE("a hook ends as the last thing that was seen of it says") {
  struct Row {
    const char* what;
    std::optional<LiveObject> live;
    State state;
  };
  const auto seen = [](bool exists, const char* uid, HealthState last, const char* message = "") {
    LiveObject live{.exists = exists, .uid = uid};
    live.last = {last, message};
    return std::optional(live);
  };
  const Row rows[] = {
      {"its kind is not listed yet", std::nullopt, State::kRunning},
      {"it runs", seen(true, "u1", HealthState::kProgressing), State::kRunning},
      {"it succeeded", seen(true, "u1", HealthState::kHealthy), State::kSucceeded},
      {"it failed", seen(true, "u1", HealthState::kDegraded), State::kFailed},
      {"its time to live took it away", seen(false, "u1", HealthState::kHealthy),
       State::kSucceeded},
      {"it failed and was taken away", seen(false, "u1", HealthState::kDegraded), State::kFailed},
      {"somebody deleted it while it ran", seen(false, "u1", HealthState::kProgressing),
       State::kFailed},
      {"it went unseen", seen(false, "", HealthState::kUnknown), State::kSucceeded},
      {"another object has its name", seen(true, "u2", HealthState::kProgressing),
       State::kSucceeded},
  };
  const HookRun run{.phase = "PreSync", .uid = "u1", .state = State::kRunning};
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(JudgeHook(run, row.live).state == row.state);
  }
  CHECK(JudgeHook(run, seen(true, "u1", HealthState::kDegraded, "exit code 1")).message ==
        "exit code 1");
}

TEST_CASE("the pods of a workload are found by its selector, those of a Job by its name") {
  PlannedObject deployment{
      .id = {"apps", "Deployment", "shop", "api"},
      .gvk = {"apps", "v1", "Deployment"},
      .body = R"({"spec":{"selector":{"matchLabels":{"app":"api","part":"x"}}}})"};
  CHECK(PodSelectorOf(deployment) == "app=api,part=x");
  PlannedObject job{.id = {"batch", "Job", "shop", "migrate"}, .gvk = {"batch", "v1", "Job"}};
  CHECK(PodSelectorOf(job) == "batch.kubernetes.io/job-name=migrate");
  PlannedObject map{.id = {"", "ConfigMap", "shop", "a"}, .gvk = {"", "v1", "ConfigMap"}};
  CHECK(PodSelectorOf(map).empty());
}

TEST_CASE("the pod that can't start says why") {
  const std::string problem = ProblemOf(R"({"items":[
    {"metadata":{"name":"a","creationTimestamp":"2026-01-01T00:00:00Z"},
     "spec":{"restartPolicy":"Always"},
     "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}},
    {"metadata":{"name":"b","creationTimestamp":"2026-01-01T00:01:00Z"},
     "spec":{"restartPolicy":"Always"},
     "status":{"phase":"Pending","containerStatuses":[{"name":"web","state":
       {"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image"}}}]}}]})");
  CHECK(problem.find("image pull back-off") != std::string::npos);
  CHECK(ProblemOf("cut off {").empty());
  CHECK(ProblemOf(R"({"items":[]})").empty());
}

}  // namespace
}  // namespace slipway::gitops::kubernetes
