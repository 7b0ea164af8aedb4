#include "services/gitops/target/local/pod_manifest.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "services/gitops/domain/render.h"

namespace slipway::gitops::local {
namespace {

const AppEnvironment kDev = {"demo", "hello", "dev"};

DesiredState Rendered(int64_t number = 1) {
  RenderInput input{
      .where = kDev, .number = number, .image = "127.0.0.1:5000/demo/hello@sha256:77"};
  input.deploy.set_port(8080);
  input.deploy.set_health_path("/healthz");
  input.deploy.set_replicas(3);
  (*input.deploy.mutable_env())["GREETING"] = "012";
  return {.where = kDev, .commit = "c1", .tree = "t1", .manifests = Render(input)};
}

// The rendered Deployment with `from` replaced.
DesiredState Edited(const std::string& from, const std::string& to) {
  DesiredState desired = Rendered();
  std::string& text = desired.manifests[0].text;
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  return desired;
}

std::string RefusalOf(const DesiredState& desired) {
  const auto pod = BuildPod(desired, "me", 8490);
  CHECK(absl::IsInvalidArgument(pod.status()));
  return MessageOf(pod.status());
}

TEST_CASE("what is rendered becomes a pod that is published on this machine alone") {
  const auto pod = BuildPod(Rendered(), "me", 8490);
  REQUIRE(pod.ok());
  const auto document = *json::Parse(pod->text);
  CHECK(json::GetString(document, "kind") == "Pod");
  CHECK(json::GetString(document, "metadata.name") == PodName(kDev));
  CHECK(json::GetInt(document, "spec.containers[0].ports[0].hostPort") == 8490);
  CHECK(json::GetString(document, "spec.containers[0].ports[0].hostIP") == "127.0.0.1");
  CHECK(json::GetString(document, "spec.containers[0].imagePullPolicy") == "Never");
  CHECK(json::GetString(document, "spec.containers[0].env[0].value") == "012");
  CHECK(json::GetString(document, "spec.restartPolicy") == "Never");
  CHECK(pod->port == 8080);
  CHECK(pod->health_path == "/healthz");
  CHECK(pod->images == std::vector<std::string>{"127.0.0.1:5000/demo/hello@sha256:77"});
  REQUIRE(pod->notes.size() == 2);
  CHECK(pod->notes[0].find("1 replica; 3 are asked for") != std::string::npos);
}

TEST_CASE("another deployment of the same image and configuration is the same specification") {
  const auto first = BuildPod(Rendered(1), "me", 8490);
  const auto second = BuildPod(Rendered(2), "me", 8490);
  CHECK(first->spec == second->spec);
  CHECK(BuildPod(Rendered(1), "me", 8491)->spec != first->spec);
}

TEST_CASE("two environments never share a pod's name") {
  CHECK(PodName({"demo", "a-b", "c"}) != PodName({"demo", "a", "b-c"}));
  CHECK(PodName({"one", "a", "b"}) != PodName({"two", "a", "b"}));
  CHECK(PodName({"demo", std::string(63, 'a'), std::string(63, 'b')}).size() < 100);
}

TEST_CASE("what reaches past the container is refused by name") {
  const std::string spec = "    spec:\n      containers:\n";
  CHECK(RefusalOf(Edited(spec, "    spec:\n      hostNetwork: true\n      containers:\n"))
            .find("hostNetwork") != std::string::npos);
  CHECK(RefusalOf(Edited(spec, "    spec:\n      volumes: []\n      containers:\n"))
            .find("volumes") != std::string::npos);
  const std::string ports = "          ports:\n";
  CHECK(
      RefusalOf(Edited(ports, "          securityContext: {privileged: true}\n          ports:\n"))
          .find("securityContext") != std::string::npos);
}

TEST_CASE("manifests that this machine can't run are refused with file and cause") {
  CHECK(RefusalOf(Edited("kind: Deployment", "kind: StatefulSet")).find("StatefulSet") !=
        std::string::npos);
  CHECK(RefusalOf(Edited("containers:", "contain: [")).find("deployment.yaml") !=
        std::string::npos);
  DesiredState two = Rendered();
  two.manifests.push_back({"second.yaml", two.manifests[0].text});
  CHECK(RefusalOf(two).find("second Deployment") != std::string::npos);
  DesiredState none = Rendered();
  none.manifests.erase(none.manifests.begin());
  CHECK(RefusalOf(none).find("no Deployment") != std::string::npos);
  CHECK(RefusalOf(Edited("              port: 8080", "              port: 9090"))
            .find("readinessProbe") != std::string::npos);
}

TEST_CASE("several documents in a file and files of other kinds are read as they are meant") {
  DesiredState desired = Rendered();
  desired.manifests[0].text += "---\n" + desired.manifests[1].text;
  desired.manifests.push_back({"README.md", "# not YAML: ["});
  CHECK(BuildPod(desired, "me", 8490).ok());
}

}  // namespace
}  // namespace slipway::gitops::local
