// How images are fetched on a cluster.
#include <catch2/catch.hpp>

#include "services/gitops/testing/kubernetes_stage.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = KubernetesStage::kDev;

TEST_CASE("an image of a private registry comes with its pull secret, which no commit holds") {
  constexpr char kPassword[] = "p4ss-that-no-commit-holds";
  KubernetesStage stage;
  stage.pipeline.SetCredential(
      {.host = "registry.test", .username = "puller", .password = kPassword});
  stage.Deploy("one");
  const Deployment one = stage.AwaitEnd(kDev, 1);
  INFO(one.reason);
  REQUIRE(one.state == Status::HEALTHY);
  const auto pod = stage.ns->Get("deployment", "hello").at("spec").at("template").at("spec");
  REQUIRE(pod.at("imagePullSecrets").as_array().size() == 1);
  CHECK(pod.at("imagePullSecrets").at(0).at("name") == "slipway-pull-hello");
  const auto secret = stage.ns->Get("secret", "slipway-pull-hello");
  REQUIRE(secret.is_object());
  CHECK(secret.at("type") == "kubernetes.io/dockerconfigjson");
  const std::string encoded(secret.at("data").at(".dockerconfigjson").as_string());
  const std::string config =
      stage.ns->Kubectl({"get", "secret", "slipway-pull-hello", "-o",
                         "go-template={{index .data \".dockerconfigjson\" | base64decode}}"});
  CHECK(config.find("\"registry.test\":{\"username\":\"puller\"") != std::string::npos);
  CHECK(config.find(kPassword) != std::string::npos);
  // The pods that kubelet runs ask for it as well.
  CHECK(stage.ns->Kubectl(
            {"get", "pods", "-o", "jsonpath={.items[0].spec.imagePullSecrets[0].name}"}) ==
        "slipway-pull-hello");

  const auto head = stage.repository->Head(stage.access);
  REQUIRE(head.ok());
  const auto folder = stage.repository->Folder(stage.access, *head, kDev);
  REQUIRE(folder.ok());
  for (const Manifest& manifest : folder->files) {
    CHECK(manifest.text.find(kPassword) == std::string::npos);
    CHECK(manifest.text.find(encoded) == std::string::npos);
  }
}

}  // namespace
}  // namespace slipway::gitops
