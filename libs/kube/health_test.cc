#include "libs/kube/health.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/kube/condition.h"

namespace slipway::kube {
namespace {

// An object of `type` ("apps/v1 Deployment") with the rest of its body as JSON.
Object Make(std::string_view type, const std::string& rest) {
  boost::json::object body = boost::json::parse("{" + rest + "}").as_object();
  const size_t space = type.find(' ');
  body["apiVersion"] = JsonView(type.substr(0, space));
  body["kind"] = JsonView(type.substr(space + 1));
  return Object(std::move(body));
}

struct Row {
  const char* type;
  const char* rest;
  HealthState state;
  const char* message;
};

constexpr HealthState kH = HealthState::kHealthy, kS = HealthState::kSuspended,
                      kP = HealthState::kProgressing, kD = HealthState::kDegraded,
                      kU = HealthState::kUnknown;
constexpr char kStale[] = "status.observedGeneration: the latest change is not taken up yet";

void Check(const std::vector<Row>& rows, const HealthOptions& options = {}) {
  for (const Row& row : rows) {
    INFO(row.type << " " << row.rest);
    const Health health = AssessHealth(Make(row.type, row.rest), options);
    CHECK(HealthName(health.state) == HealthName(row.state));
    CHECK(health.message == row.message);
  }
}

#define GEN2 R"("metadata":{"generation":2},)"

TEST_CASE("Deployments are judged by Argo CD's rule") {
  constexpr char kType[] = "apps/v1 Deployment";
  Check({
      {kType, R"("spec":{"paused":true})", kS, "spec.paused"},
      {kType, GEN2 R"("status":{"observedGeneration":1})", kP, kStale},
      {kType, GEN2 R"("spec":{})", kP, kStale},
      {kType,
       R"("status":{"conditions":[{"type":"Progressing","status":"False",
          "reason":"ProgressDeadlineExceeded","message":"timed out"}]})",
       kD, "ProgressDeadlineExceeded: timed out"},
      {kType,
       GEN2
       R"("spec":{"replicas":3},"status":{"observedGeneration":2,"updatedReplicas":1,"replicas":3})",
       kP, "1 of 3 updated"},
      {kType, R"("spec":{"replicas":3},"status":{"updatedReplicas":3,"replicas":5})", kP,
       "2 old replicas still running"},
      {kType,
       R"("spec":{"replicas":3},"status":{"updatedReplicas":3,"replicas":3,"availableReplicas":2})",
       kP, "2 of 3 available"},
      {kType,
       R"("spec":{"replicas":3},"status":{"updatedReplicas":3,"replicas":3,"availableReplicas":3})",
       kH, ""},
      {kType, R"("spec":{"replicas":0})", kH, ""},
  });
}

TEST_CASE("StatefulSets are judged by Argo CD's rule") {
  constexpr char kType[] = "apps/v1 StatefulSet";
  Check({
      {kType, "", kP, "status.observedGeneration: not taken up yet"},
      {kType, GEN2 R"("status":{"observedGeneration":1})", kP, kStale},
      {kType, R"("spec":{"replicas":2},"status":{"observedGeneration":1,"readyReplicas":1})", kP,
       "1 of 2 ready"},
      {kType,
       R"("spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":
          {"partition":1}}},"status":{"observedGeneration":1,"readyReplicas":3,"updatedReplicas":1})",
       kP, "1 of 2 updated"},
      {kType,
       R"("spec":{"replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":
          {"partition":1}}},"status":{"observedGeneration":1,"readyReplicas":3,"updatedReplicas":2})",
       kH, ""},
      {kType,
       R"("spec":{"updateStrategy":{"type":"OnDelete"}},"status":{"observedGeneration":1,
          "updateRevision":"b","currentRevision":"a"})",
       kH, ""},
      {kType,
       R"("spec":{"replicas":1},"status":{"observedGeneration":1,"readyReplicas":1,
          "updateRevision":"b","currentRevision":"a"})",
       kP, "0 of 1 updated"},
      {kType, R"("status":{"observedGeneration":1,"updateRevision":"b","currentRevision":"b"})", kH,
       ""},
  });
}

TEST_CASE("DaemonSets and ReplicaSets are judged by Argo CD's rules") {
  constexpr char kDaemon[] = "apps/v1 DaemonSet", kReplica[] = "apps/v1 ReplicaSet";
  Check({
      {kDaemon, GEN2 R"("status":{"observedGeneration":1})", kP, kStale},
      {kDaemon,
       R"("spec":{"updateStrategy":{"type":"OnDelete"}},"status":{"desiredNumberScheduled":3})", kH,
       ""},
      {kDaemon, R"("status":{"desiredNumberScheduled":3,"updatedNumberScheduled":2})", kP,
       "2 of 3 updated"},
      {kDaemon,
       R"("status":{"desiredNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":1})",
       kP, "1 of 3 available"},
      {kDaemon,
       R"("status":{"desiredNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":3})",
       kH, ""},
      {kReplica, GEN2 R"("status":{"observedGeneration":1})", kP, kStale},
      {kReplica,
       R"("status":{"conditions":[{"type":"ReplicaFailure","status":"True",
          "reason":"FailedCreate","message":"quota"}]})",
       kD, "FailedCreate: quota"},
      {kReplica, R"("spec":{"replicas":2},"status":{"availableReplicas":1})", kP,
       "1 of 2 available"},
      {kReplica, R"("spec":{"replicas":2},"status":{"availableReplicas":2})", kH, ""},
  });
}

TEST_CASE("Jobs are judged by Argo CD's rule, and a resumed one is not done") {
  constexpr char kType[] = "batch/v1 Job";
  Check({
      {kType, "", kP, "0 of 1 completed"},
      {kType, R"("spec":{"completions":3},"status":{"succeeded":2})", kP, "2 of 3 completed"},
      {kType,
       R"("status":{"conditions":[{"type":"Failed","status":"True",
          "reason":"BackoffLimitExceeded","message":"too often"}]})",
       kD, "BackoffLimitExceeded: too often"},
      {kType,
       R"("status":{"conditions":[{"type":"Suspended","status":"True","reason":"JobSuspended"}]})",
       kS, "JobSuspended"},
      {kType,
       R"("status":{"conditions":[{"type":"Suspended","status":"False","reason":"JobResumed"}]})",
       kP, "0 of 1 completed"},
      {kType, R"("status":{"conditions":[{"type":"Complete","status":"True"}]})", kH, ""},
  });
}

TEST_CASE("Pods are judged by Argo CD's rule") {
  constexpr char kType[] = "v1 Pod";
  Check({
      {kType,
       R"("spec":{"restartPolicy":"Always"},"status":{"phase":"Pending","containerStatuses":[
          {"state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]})",
       kD, "image pull back-off: no such image"},
      {kType,
       R"("spec":{"restartPolicy":"Always"},"status":{"phase":"Running","containerStatuses":[
          {"state":{"waiting":{"reason":"CrashLoopBackOff"}}}]})",
       kD, "crash loop back-off"},
      {kType,
       R"("spec":{"restartPolicy":"Never"},"status":{"phase":"Pending","containerStatuses":[
          {"state":{"waiting":{"reason":"ErrImagePull"}}}]})",
       kP, "err image pull"},
      {kType,
       R"("status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False",
          "reason":"Unschedulable","message":"0/3 nodes"}]})",
       kP, "no node takes the pod: 0/3 nodes"},
      {kType, R"("status":{"phase":"Succeeded"})", kH, ""},
      {kType,
       R"("status":{"phase":"Failed","containerStatuses":[{"state":{"terminated":
          {"reason":"OOMKilled","exitCode":137}}}]})",
       kD, "OOM killed with exit code 137"},
      {kType, R"("status":{"phase":"Failed","reason":"Evicted","message":"disk"})", kD,
       "evicted: disk"},
      {kType,
       R"("spec":{"restartPolicy":"Always"},"status":{"phase":"Running","conditions":[
          {"type":"Ready","status":"True"}]})",
       kH, ""},
      {kType,
       R"("spec":{"restartPolicy":"Always"},"status":{"phase":"Running","conditions":[
          {"type":"Ready","status":"False","reason":"ContainersNotReady"}],"containerStatuses":[
          {"lastState":{"terminated":{"exitCode":1}}}]})",
       kD, "a container was restarted: ContainersNotReady"},
      {kType, R"("spec":{"restartPolicy":"Always"},"status":{"phase":"Running"})", kP, "not ready"},
      {kType,
       R"("spec":{"restartPolicy":"OnFailure"},"status":{"phase":"Running","conditions":[
          {"type":"Ready","status":"True"}]})",
       kP, "running"},
      {kType, R"("status":{"phase":"Odd"})", kU, "status.phase: Odd"},
  });
}

TEST_CASE("Volume claims, Services, Ingresses and APIServices are judged by Argo CD's rules") {
  constexpr char kClaim[] = "v1 PersistentVolumeClaim", kService[] = "v1 Service",
                 kIngress[] = "networking.k8s.io/v1 Ingress",
                 kApi[] = "apiregistration.k8s.io/v1 APIService";
  constexpr char kNoAddress[] = "status.loadBalancer: no address yet";
  Check({
      {kClaim, R"("status":{"phase":"Bound"})", kH, ""},
      {kClaim, R"("status":{"phase":"Pending"})", kP, "not bound to a volume yet"},
      {kClaim, R"("status":{"phase":"Lost"})", kD, "its volume is lost"},
      {kClaim, "", kU, "status.phase: "},
      {kService, R"("spec":{"type":"ClusterIP"})", kH, ""},
      {kService, R"("spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{}})", kP, kNoAddress},
      {kService,
       R"("spec":{"type":"LoadBalancer"},"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}})",
       kH, ""},
      {kIngress, R"("status":{"loadBalancer":{}})", kP, kNoAddress},
      {kIngress, R"("status":{"loadBalancer":{"ingress":[{"hostname":"h"}]}})", kH, ""},
      {kApi, R"("status":{"conditions":[{"type":"Available","status":"True"}]})", kH, ""},
      {kApi,
       R"("status":{"conditions":[{"type":"Available","status":"False","reason":"Missing"}]})", kP,
       "Missing"},
  });
  HealthOptions options;
  options.ingress_without_address_is_healthy = true;
  Check({{kIngress, "", kH, ""}}, options);
}

TEST_CASE("Autoscalers are judged by Argo CD's rule, with conditions in status or annotation") {
  constexpr char kType[] = "autoscaling/v2 HorizontalPodAutoscaler";
  Check({
      {kType, "", kP, "waiting to autoscale"},
      {kType,
       R"("status":{"conditions":[{"type":"AbleToScale","status":"False",
          "reason":"FailedGetScale","message":"gone"}]})",
       kD, "FailedGetScale: gone"},
      {kType,
       R"("status":{"conditions":[{"type":"AbleToScale","status":"True"},{"type":"ScalingActive",
          "status":"False","reason":"FailedGetResourceMetric"}]})",
       kD, "FailedGetResourceMetric"},
      {kType, R"("status":{"conditions":[{"type":"ScalingLimited","status":"True"}]})", kH, ""},
      {"autoscaling/v1 HorizontalPodAutoscaler",
       R"("metadata":{"annotations":{"autoscaling.alpha.kubernetes.io/conditions":
          "[{\"type\":\"AbleToScale\",\"status\":\"True\"}]"}})",
       kH, ""},
  });
}

TEST_CASE("Definitions are healthy when established, and Argo's Workflows when they succeeded") {
  constexpr char kCrd[] = "apiextensions.k8s.io/v1 CustomResourceDefinition",
                 kFlow[] = "argoproj.io/v1alpha1 Workflow";
  Check({
      {kCrd, "", kP, "not established yet"},
      {kCrd,
       R"("status":{"conditions":[{"type":"NamesAccepted","status":"False","reason":"Conflict"}]})",
       kD, "Conflict"},
      {kCrd,
       R"("status":{"conditions":[{"type":"Established","status":"False","reason":"Installing"}]})",
       kP, "Installing"},
      {kCrd, R"("status":{"conditions":[{"type":"Established","status":"False","reason":"X"}]})",
       kD, "X"},
      {kCrd, R"("status":{"conditions":[{"type":"Established","status":"True"}]})", kH, ""},
      {kFlow, R"("status":{"phase":"Running"})", kP, ""},
      {kFlow, R"("status":{"phase":"Error","message":"m"})", kD, "m"},
      {kFlow, R"("status":{"phase":"Succeeded"})", kH, ""},
  });
}

TEST_CASE("Custom resources say themselves how they are, of their latest generation") {
  constexpr char kType[] = "cert-manager.io/v1 Certificate";
  Check({
      {kType, "", kH, ""},
      {kType, GEN2 R"("status":{"observedGeneration":1,"conditions":[{"type":"Ready",
         "status":"True"}]})",
       kP, kStale},
      {kType, GEN2 R"("status":{"conditions":[{"type":"Ready","status":"True",
         "observedGeneration":1}]})",
       kP, "status.conditions: the latest change is not taken up yet"},
      {kType, R"("status":{"conditions":[{"type":"Reconciling","status":"True","reason":"Doing"},
         {"type":"Ready","status":"True"}]})",
       kP, "Doing"},
      {kType, R"("status":{"conditions":[{"type":"Stalled","status":"True","reason":"Bad",
         "message":"no issuer"}]})",
       kD, "Bad: no issuer"},
      {kType, R"("status":{"conditions":[{"type":"Ready","status":"False","reason":"Issuing"}]})",
       kP, "Issuing"},
      {kType, R"("status":{"conditions":[{"type":"Ready","status":"True"}]})", kH, ""},
      {kType, R"("metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"})", kP, "pending deletion"},
      {"v1 ConfigMap", "", kH, ""},
  });
}

TEST_CASE("The pods below an object lend it their reasons") {
  const Object deployment =
      Make("apps/v1 Deployment", R"("spec":{"replicas":3},"status":{"updatedReplicas":1})");
  const Object good = Make("v1 Pod", R"("status":{"phase":"Running"})");
  const Object bad = Make("v1 Pod",
                          R"("status":{"phase":"Pending","containerStatuses":[
                             {"state":{"waiting":{"reason":"ImagePullBackOff"}}}]})");
  CHECK(AssessHealth(deployment, {}, {good, bad}).message == "1 of 3 updated, image pull back-off");
  CHECK(AssessHealth(deployment, {}, {good}).message == "1 of 3 updated");
}

TEST_CASE("A table of rules goes before the built-in ones") {
  auto rules = ParseHealthRules(boost::json::parse(R"([
    {"group":"example.com","kind":"Db","state":"DEGRADED","message":"phase is {status.phase}",
     "when":[{"path":"status.phase","in":["Broken","Lost"]}]},
    {"group":"example.com","kind":"Db","state":"DEGRADED",
     "message":"{status.parts[type=disk].free} GB left of {spec.size}",
     "when":[{"path":"status.parts[type=disk].free","lessThan":"5"}]},
    {"group":"example.com","kind":"Db","state":"PROGRESSING",
     "when":[{"path":"status.ready","lessThan":"spec.size"},
             {"path":"spec.paused","notIn":["true"]}]},
    {"group":"example.com","kind":"Db","state":"SUSPENDED",
     "when":[{"path":"metadata.annotations['a.b/c']","exists":true}]},
    {"group":"example.com","kind":"Db","state":"HEALTHY",
     "when":[{"path":"status.size","atLeast":"3"},{"path":"status.error","exists":false}]},
    {"group":"apps","kind":"Deployment","state":"HEALTHY","message":"never mind",
     "when":[{"path":"spec.replicas","in":["0"]}]}])"));
  INFO(rules.status());
  REQUIRE(rules.ok());
  HealthOptions options;
  options.rules = *rules;
  constexpr char kType[] = "example.com/v1 Db";
  Check({{kType, R"("status":{"phase":"Broken"})", kD, "phase is Broken"},
         {kType, R"("status":{"parts":[{"type":"cpu"},{"type":"disk","free":4}]})", kD,
          "4 GB left of "},
         {kType, R"("spec":{"size":3},"status":{"ready":2})", kP, ""},
         {kType, R"("spec":{"size":3},"status":{"ready":3})", kH, ""},
         {kType, R"("spec":{"size":3,"paused":true},"status":{"ready":2})", kH, ""},
         {kType, R"("status":{"size":3,"conditions":[{"type":"Ready","status":"False"}]})", kH, ""},
         {kType, R"("status":{"size":3,"error":"x","conditions":[{"type":"Ready","status":"False",
          "reason":"No"}]})",
          kP, "No"},
         {"apps/v1 Deployment", R"("spec":{"replicas":0})", kH, "never mind"},
         {kType, R"("metadata":{"annotations":{"a.b/c":"x"}})", kS, ""},
         {kType, GEN2 R"("status":{"phase":"Broken","observedGeneration":1})", kP, kStale},
         {"other.com/v1 Db", R"("status":{"phase":"Broken"})", kH, ""}},
        options);
}

TEST_CASE("A table of rules with mistakes is refused, naming the fields") {
  const auto fields = [](const char* table) {
    std::vector<std::string> names;
    for (const auto& violation :
         DetailsOf(ParseHealthRules(boost::json::parse(table)).status()).field_violations) {
      names.push_back(violation.field);
    }
    return names;
  };
  using Fields = std::vector<std::string>;
  CHECK(fields("{}") == Fields{"healthRules"});
  CHECK(fields(R"(["x"])") == Fields{"healthRules[0]"});
  CHECK(fields(R"([{"kind":"A","state":"HEALTHY","when":[{"path":"a","exists":true}]}, {}])") ==
        Fields{"healthRules[1].kind", "healthRules[1].state", "healthRules[1].when"});
  const auto condition = [&](const std::string& json) {
    return fields((R"([{"kind":"A","state":"HEALTHY","when":[)" + json + "]}]").c_str());
  };
  CHECK(condition(R"({"path":"a[type=Ready].b[0]","atLeast":"1.5"})").empty());
  CHECK(condition("1") == Fields{"healthRules[0].when[0]"});
  CHECK(condition(R"({"path":"a"})") == Fields{"healthRules[0].when[0]"});
  CHECK(condition(R"({"path":"a","exists":true,"in":["x"]})") == Fields{"healthRules[0].when[0]"});
  CHECK(condition(R"({"path":"a","lessThan":".b"})") == Fields{"healthRules[0].when[0].lessThan"});
  for (const char* path : {"", ".a", "a..b", "a.", "[0]", "a[", "a[]", "a[0]b", "a]"}) {
    INFO(path);
    CHECK(condition(R"({"exists":true,"path":")" + std::string(path) + "\"}") ==
          Fields{"healthRules[0].when[0].path"});
  }
  CHECK(fields(R"([{"kind":"A","state":"HEALTHY","message":"x {y",
                    "when":[{"path":"a","exists":true}]}])") == Fields{"healthRules[0].message"});
}

TEST_CASE("Reasons are written as words") {
  CHECK(Words("ImagePullBackOff") == "image pull back-off");
  CHECK(Words("OOMKilled") == "OOM killed");
  CHECK(Words("CreateContainerConfigError") == "create container config error");
  CHECK(Words("Error") == "error");
  CHECK(Words("").empty());
}

}  // namespace
}  // namespace slipway::kube
