// From a fetched commit that changes one file of one app in a repository of many to that app's
// plan, as the service does it: all apps are asked for the key of what they would render to, and
// those whose key is another one are rendered and planned. Prints milliseconds and renders of each
// commit.

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "services/gitops/source/source_renderer.h"
#include "services/gitops/source/testing/repository_bed.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops {
namespace {

constexpr int kCommits = 50;

std::string NameOf(int app) { return "app-" + std::to_string(app); }

std::string FileOf(int app) { return NameOf(app) + "/app.yaml"; }

// What one app consists of: ServiceAccount, Service, Deployment and Ingress.
std::string Manifests(int app, const std::string& image) {
  const std::string name = NameOf(app);
  const auto head = [&name](const std::string& version, const std::string& kind) {
    return "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name + "}\n";
  };
  return head("v1", "ServiceAccount") + head("v1", "Service") + "spec: {selector: {app: " + name +
         "}, ports: [{name: http, port: 80, targetPort: 8080}]}\n" + head("apps/v1", "Deployment") +
         "spec:\n  replicas: 0\n  selector: {matchLabels: {app: " + name +
         "}}\n  template:\n    metadata: {labels: {app: " + name +
         "}}\n    spec:\n      containers: [{name: app, image: \"" + image + "\"}]\n" +
         head("networking.k8s.io/v1", "Ingress") + "spec:\n  rules: [{host: " + name +
         ".example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: " +
         name + ", port: {name: http}}}}]}}]\n";
}

SourceRequest RequestOf(int app) {
  return {.where = {"demo", NameOf(app), "dev"}, .k8s_namespace = "dev", .path = NameOf(app)};
}

// Renders and plans the apps whose key is not the one in `keys`, which is kept up.
absl::Status Take(const git::Repository& repository, const std::string& commit,
                  SourceRenderer& renderer, std::vector<std::string>& keys) {
  for (int app = 0; app < static_cast<int>(keys.size()); ++app) {
    const SourceRequest request = RequestOf(app);
    std::string& key = keys[static_cast<size_t>(app)];
    SLIPWAY_ASSIGN_OR_RETURN(std::string now, renderer.Key(repository, commit, request));
    if (now == key) continue;
    key = std::move(now);
    SLIPWAY_ASSIGN_OR_RETURN(RenderedSource rendered, renderer.Render(repository, commit, request));
    DesiredState desired{.where = request.where, .k8s_namespace = request.k8s_namespace};
    desired.manifests = std::move(rendered.manifests);
    SLIPWAY_RETURN_IF_ERROR(
        kubernetes::MakePlan(
            desired,
            {.installation = "bench",
             .scope = [](const kube::Gvk&) { return std::optional(kube::Scope::kNamespaced); }})
            .status());
  }
  return absl::OkStatus();
}

absl::Status Run(int apps) {
  RepositoryBed bed;
  RepositoryBed::Files files;
  for (int app = 0; app < apps; ++app) files.emplace_back(FileOf(app), Manifests(app, "one:1"));
  SourceRenderer renderer({});
  std::vector<std::string> keys(static_cast<size_t>(apps));
  SLIPWAY_RETURN_IF_ERROR(Take(bed.repository(), bed.Commit(files), renderer, keys));
  for (int i = 0; i < kCommits; ++i) {
    const int app = i * apps / kCommits;
    const std::string commit =
        bed.Commit({{FileOf(app), Manifests(app, "two:" + std::to_string(i))}});
    const int before = renderer.renders();
    const absl::Time started = absl::Now();
    SLIPWAY_RETURN_IF_ERROR(Take(bed.repository(), commit, renderer, keys));
    std::cout << absl::ToDoubleMilliseconds(absl::Now() - started) << " "
              << renderer.renders() - before << "\n";
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace slipway::gitops

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_change_of_one APPS\n";
    return 2;
  }
  const absl::Status status = slipway::gitops::Run(std::atoi(argv[1]));
  if (!status.ok()) {
    std::cerr << "bench_change_of_one: " << slipway::MessageOf(status) << "\n";
    return 1;
  }
  return 0;
}
