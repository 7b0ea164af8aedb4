// What the fake kubelet makes of pods, as kubectl sees it.

#include <catch2/catch.hpp>
#include <string>

#include "libs/json/json.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::cluster_testing {
namespace {

std::string Deployment(const std::string& annotations, const std::string& image = "demo/api:1",
                       int replicas = 1) {
  return R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: )" +
         std::to_string(replicas) + R"(
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}, annotations: {)" +
         annotations + R"(}}
    spec:
      containers: [{name: app, image: ")" +
         image + R"("}]
)";
}

std::string Job(const std::string& annotations) {
  return R"(apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {)" +
         annotations + R"(}}
    spec: {restartPolicy: Never, containers: [{name: app, image: "demo/api:1"}]}
)";
}

// Waits until a pod's main container waits for this reason.
bool WaitsFor(const TestNamespace& ns, const std::string& reason) {
  return ns.WaitForOutput({"get", "pods", "-o",
                           "jsonpath={.items[*].status.containerStatuses[0].state.waiting.reason}"},
                          reason);
}

// Waits for an event with this reason and text.
bool HasEvent(const TestNamespace& ns, const std::string& reason, const std::string& text) {
  return ns.WaitForOutput(
      {"get", "events", "--field-selector=reason=" + reason, "-o", "jsonpath={.items[*].message}"},
      text);
}

TEST_CASE("A Deployment becomes available, gets an address each, and goes with its pods") {
  const TestNamespace ns;
  ns.Apply(Deployment("", "demo/api:1", 3));
  CHECK(ns.WaitFor("deployment/api", "condition=Available"));
  CHECK(ns.WaitFor("deployment/api", "jsonpath={.status.availableReplicas}=3"));
  ns.Kubectl({"expose", "deployment", "api", "--port=80"});
  CHECK(ns.WaitForOutput(
      {"get", "endpointslices", "-o", "jsonpath={.items[0].endpoints[2].addresses}"}, "10.64."));
  ns.Kubectl({"delete", "deployment", "api", "--cascade=foreground", "--timeout=20s"});
  CHECK(ns.Kubectl({"get", "pods", "-o", "name"}).empty());
}

TEST_CASE("StatefulSets and DaemonSets get ready") {
  const TestNamespace ns;
  const std::string spec = R"(
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: app, image: "demo/api:1"}]}
)";
  ns.Apply("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}" + spec +
           "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}" + spec);
  CHECK(ns.WaitFor("statefulset/db", "jsonpath={.status.readyReplicas}=1"));
  CHECK(ns.WaitFor("daemonset/agent", "jsonpath={.status.numberReady}=1"));
}

TEST_CASE("A crashing pod is in CrashLoopBackOff, with event, and recovers when it is mended") {
  const TestNamespace ns;
  ns.Apply(Deployment("kubelet.test/behaviour: crash"));
  CHECK(WaitsFor(ns, "CrashLoopBackOff"));
  CHECK(HasEvent(ns, "BackOff", "Back-off restarting failed container app in pod api-"));
  CHECK(ns.Kubectl({"get", "pods"}).find("CrashLoopBackOff") != std::string::npos);
  ns.Kubectl({"annotate", "pods", "--all", "kubelet.test/behaviour-"});
  CHECK(ns.WaitFor("deployment/api", "condition=Available"));
}

TEST_CASE("An image of a host that can't exist, or the annotation, gives ImagePullBackOff") {
  const TestNamespace ns;
  const bool by_image = GENERATE(true, false);
  ns.Apply(by_image ? Deployment("", "registry.invalid/demo/api:1")
                    : Deployment("kubelet.test/behaviour: image-pull"));
  CHECK(WaitsFor(ns, "ImagePullBackOff"));
  CHECK(HasEvent(ns, "Failed", "Failed to pull image"));
}

TEST_CASE("A pod that fits nowhere stays Pending and unscheduled") {
  const TestNamespace ns;
  ns.Apply(Deployment("kubelet.test/behaviour: pending"));
  CHECK(HasEvent(ns, "FailedScheduling", "0/1 nodes are available"));
  CHECK(ns.Kubectl({"get", "pods", "-o", "jsonpath={.items[0].status.phase}"}) == "Pending");
  CHECK(ns.Kubectl({"get", "pods", "-o", "jsonpath={.items[0].spec.nodeName}"}).empty());
}

TEST_CASE("Other behaviours show as a real kubelet shows them") {
  const TestNamespace ns;
  ns.Apply(Deployment("kubelet.test/behaviour: config-error"));
  CHECK(WaitsFor(ns, "CreateContainerConfigError"));
  ns.Kubectl({"annotate", "--overwrite", "pods", "--all", "kubelet.test/behaviour=unready"});
  CHECK(ns.WaitForOutput({"get", "pods"}, "0/1     Running"));
  CHECK(HasEvent(ns, "Unhealthy", "Readiness probe failed"));
  CHECK_FALSE(ns.WaitFor("deployment/api", "condition=Available", absl::Milliseconds(1)));
}

TEST_CASE("A Job's pod succeeds, fails by crash, or runs as long as it is told to") {
  const TestNamespace ns;
  SECTION("success") {
    ns.Apply(Job(""));
    CHECK(ns.WaitFor("job/migrate", "condition=Complete"));
  }
  SECTION("failure") {
    ns.Apply(Job("kubelet.test/behaviour: crash"));
    CHECK(ns.WaitFor("job/migrate", "condition=Failed"));
  }
  SECTION("running until its annotation goes") {
    ns.Apply(Job("kubelet.test/behaviour: run"));
    CHECK(ns.WaitFor("job/migrate", "jsonpath={.status.ready}=1"));
    ns.Kubectl({"annotate", "pods", "--all", "kubelet.test/behaviour-"});
    CHECK(ns.WaitFor("job/migrate", "condition=Complete"));
  }
  SECTION("deleted while it runs") {
    ns.Apply(Job("kubelet.test/behaviour: run"));
    CHECK(ns.WaitFor("job/migrate", "jsonpath={.status.ready}=1"));
    ns.Kubectl({"delete", "job", "migrate", "--cascade=foreground", "--timeout=20s"});
    CHECK(ns.Kubectl({"get", "pods", "-o", "name"}).empty());
  }
}

TEST_CASE("A pod may take its time to start, and never end, which keeps its namespace") {
  const TestNamespace ns;
  ns.Apply(Deployment("kubelet.test/delay: 6s, kubelet.test/stop: never"));
  CHECK(WaitsFor(ns, "ContainerCreating"));
  CHECK(ns.WaitFor("deployment/api", "condition=Available"));
  ns.Kubectl({"delete", "deployment", "api", "--wait=false"});
  CHECK(ns.WaitForOutput({"get", "pods"}, "Terminating"));
  const std::string pod = ns.Kubectl({"get", "pods", "-o", "name"});
  ns.Kubectl({"annotate", pod, "kubelet.test/stop-"});
  CHECK(ns.WaitFor(pod, "delete"));
}

}  // namespace
}  // namespace slipway::cluster_testing
