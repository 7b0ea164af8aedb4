#include "services/gitops/domain/render.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

RenderInput Hello() {
  RenderInput input;
  input.where = {"demo", "hello", "dev"};
  input.number = 7;
  input.k8s_namespace = "demo-dev";
  input.image = "127.0.0.1:8482/demo/hello@sha256:77c1";
  input.image_name = "projects/demo/apps/hello/images/01JD";
  input.run = "projects/demo/apps/hello/workflows/main/runs/7";
  input.commit = "3f2a91c";
  input.deploy.set_port(8080);
  input.deploy.set_health_path("/healthz");
  (*input.deploy.mutable_env())["GREETING"] = "hello";
  (*input.deploy.mutable_env())["A"] = "yes";
  input.deploy.mutable_resources()->set_memory("64Mi");
  return input;
}

TEST_CASE("an app with a port becomes a Deployment and a Service, to the byte") {
  const auto manifests = Render(Hello());
  REQUIRE(manifests.size() == 2);
  CHECK(manifests[0].file == "deployment.yaml");
  CHECK(manifests[0].text == R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: "hello"
  namespace: "demo-dev"
  labels:
    app.kubernetes.io/managed-by: slipway
    app.kubernetes.io/name: "hello"
    app.kubernetes.io/part-of: "demo"
  annotations:
    slipway.dev/commit: "3f2a91c"
    slipway.dev/deployment: "projects/demo/apps/hello/environments/dev/deployments/7"
    slipway.dev/image: "projects/demo/apps/hello/images/01JD"
    slipway.dev/run: "projects/demo/apps/hello/workflows/main/runs/7"
spec:
  replicas: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: "hello"
      app.kubernetes.io/part-of: "demo"
  strategy:
    type: RollingUpdate
  template:
    metadata:
      labels:
        app.kubernetes.io/name: "hello"
        app.kubernetes.io/part-of: "demo"
    spec:
      containers:
        - name: "hello"
          image: "127.0.0.1:8482/demo/hello@sha256:77c1"
          env:
          - name: "A"
            value: "yes"
          - name: "GREETING"
            value: "hello"
          ports:
          - containerPort: 8080
          readinessProbe:
            httpGet:
              path: "/healthz"
              port: 8080
          resources:
            limits:
              memory: "64Mi"
)");
  CHECK(manifests[1].file == "service.yaml");
  CHECK(manifests[1].text == R"(apiVersion: v1
kind: Service
metadata:
  name: "hello"
  namespace: "demo-dev"
  labels:
    app.kubernetes.io/managed-by: slipway
    app.kubernetes.io/name: "hello"
    app.kubernetes.io/part-of: "demo"
spec:
  ports:
  - port: 8080
    targetPort: 8080
  selector:
    app.kubernetes.io/name: "hello"
    app.kubernetes.io/part-of: "demo"
)");
}

TEST_CASE("an app without a port has neither Service nor probe") {
  auto input = Hello();
  input.deploy.clear_port();
  const auto manifests = Render(input);
  REQUIRE(manifests.size() == 1);
  CHECK(manifests[0].text.find("ports:") == std::string::npos);
  CHECK(manifests[0].text.find("readinessProbe:") == std::string::npos);
}

TEST_CASE("without a health path the port is probed, and recreate, replicas and cpu are rendered") {
  auto input = Hello();
  input.deploy.clear_health_path();
  input.deploy.set_replicas(3);
  input.deploy.mutable_resources()->set_cpu("500m");
  input.strategy.mutable_recreate();
  input.k8s_namespace.clear();
  const std::string text = Render(input)[0].text;
  CHECK(text.find("tcpSocket:\n              port: 8080\n") != std::string::npos);
  CHECK(text.find("replicas: 3\n") != std::string::npos);
  CHECK(text.find("type: Recreate\n") != std::string::npos);
  CHECK(text.find("cpu: \"500m\"\n") != std::string::npos);
  CHECK(text.find("namespace: \"dev\"\n") != std::string::npos);
}

TEST_CASE("values that are special in YAML stay what they are") {
  auto input = Hello();
  (*input.deploy.mutable_env())["A"] = "no: \"#x\"\n\t'\\ \x7f \u2028 \u0085 é";
  const std::string text = Render(input)[0].text;
  CHECK(text.find(R"(value: "no: \"#x\"\n\t'\\ \x7F \u2028 \x85 é")") != std::string::npos);
}

}  // namespace
}  // namespace slipway::gitops
