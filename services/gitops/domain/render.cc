#include "services/gitops/domain/render.h"

#include <map>
#include <string_view>
#include <utility>

namespace slipway::gitops {
namespace {

// YAML in block style, two spaces a level. Scalars given by `Text` are quoted; `Raw` is for numbers
// and fixed words.
class BlockWriter {
 public:
  void Open(int level, std::string_view key) { Line(level, key, ""); }
  void Text(int level, std::string_view key, std::string_view value) {
    Line(level, key, " " + QuotedYaml(value));
  }
  void Raw(int level, std::string_view key, std::string_view value) {
    Line(level, key, " " + std::string(value));
  }
  std::string Take() { return std::move(text_); }

 private:
  void Line(int level, std::string_view key, std::string_view rest) {
    text_.append(static_cast<size_t>(level) * 2, ' ')
        .append(key)
        .append(":")
        .append(rest)
        .append("\n");
  }

  std::string text_;
};

void WriteMetadata(BlockWriter& out, const RenderInput& input) {
  out.Open(0, "metadata");
  out.Text(1, "name", input.where.app);
  out.Text(1, "namespace",
           input.k8s_namespace.empty() ? input.where.environment : input.k8s_namespace);
  out.Open(1, "labels");
  out.Raw(2, "app.kubernetes.io/managed-by", "slipway");
  out.Text(2, "app.kubernetes.io/name", input.where.app);
  out.Text(2, "app.kubernetes.io/part-of", input.where.project);
}

void WriteSelector(BlockWriter& out, int level, const RenderInput& input) {
  out.Text(level, "app.kubernetes.io/name", input.where.app);
  out.Text(level, "app.kubernetes.io/part-of", input.where.project);
}

void WriteProbe(BlockWriter& out, const slipway::pipeline::v1::DeploySpec& deploy) {
  out.Open(5, "readinessProbe");
  if (deploy.health_path().empty()) {
    out.Open(6, "tcpSocket");
    out.Raw(7, "port", std::to_string(deploy.port()));
  } else {
    out.Open(6, "httpGet");
    out.Text(7, "path", deploy.health_path());
    out.Raw(7, "port", std::to_string(deploy.port()));
  }
}

void WriteContainer(BlockWriter& out, const RenderInput& input) {
  const auto& deploy = input.deploy;
  out.Open(3, "containers");
  out.Text(4, "- name", input.where.app);
  out.Text(5, "image", input.image);
  if (deploy.env_size() > 0) {
    out.Open(5, "env");
    const std::map<std::string, std::string> sorted(deploy.env().begin(), deploy.env().end());
    for (const auto& [name, value] : sorted) {
      out.Text(5, "- name", name);
      out.Text(6, "value", value);
    }
  }
  if (deploy.port() > 0) {
    out.Open(5, "ports");
    out.Raw(5, "- containerPort", std::to_string(deploy.port()));
    WriteProbe(out, deploy);
  }
  if (!deploy.resources().memory().empty() || !deploy.resources().cpu().empty()) {
    out.Open(5, "resources");
    out.Open(6, "limits");
    if (!deploy.resources().cpu().empty()) out.Text(7, "cpu", deploy.resources().cpu());
    if (!deploy.resources().memory().empty()) out.Text(7, "memory", deploy.resources().memory());
  }
}

std::string RenderDeployment(const RenderInput& input) {
  BlockWriter out;
  out.Raw(0, "apiVersion", "apps/v1");
  out.Raw(0, "kind", "Deployment");
  WriteMetadata(out, input);
  out.Open(1, "annotations");
  out.Text(2, "slipway.dev/commit", input.commit);
  out.Text(2, "slipway.dev/deployment", DeploymentName{input.where, input.number}.Name());
  out.Text(2, "slipway.dev/image", input.image_name);
  out.Text(2, "slipway.dev/run", input.run);
  out.Open(0, "spec");
  out.Raw(1, "replicas", std::to_string(input.deploy.has_replicas() ? input.deploy.replicas() : 1));
  out.Open(1, "selector");
  out.Open(2, "matchLabels");
  WriteSelector(out, 3, input);
  out.Open(1, "strategy");
  out.Raw(2, "type", input.strategy.has_recreate() ? "Recreate" : "RollingUpdate");
  out.Open(1, "template");
  out.Open(2, "metadata");
  out.Open(3, "labels");
  WriteSelector(out, 4, input);
  out.Open(2, "spec");
  WriteContainer(out, input);
  return out.Take();
}

std::string RenderService(const RenderInput& input) {
  BlockWriter out;
  const std::string port = std::to_string(input.deploy.port());
  out.Raw(0, "apiVersion", "v1");
  out.Raw(0, "kind", "Service");
  WriteMetadata(out, input);
  out.Open(0, "spec");
  out.Open(1, "ports");
  out.Raw(1, "- port", port);
  out.Raw(2, "targetPort", port);
  out.Open(1, "selector");
  WriteSelector(out, 2, input);
  return out.Take();
}

}  // namespace

std::vector<Manifest> Render(const RenderInput& input) {
  std::vector<Manifest> manifests = {{"deployment.yaml", RenderDeployment(input)}};
  if (input.deploy.port() > 0) manifests.push_back({"service.yaml", RenderService(input)});
  return manifests;
}

}  // namespace slipway::gitops
