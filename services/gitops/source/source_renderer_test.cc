#include "services/gitops/source/source_renderer.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/source/testing/repository_bed.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::gitops {
namespace {

const std::string kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kImage = "registry:5000/demo/hello@" + kDigest;

const std::string kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: hello}
spec:
  template:
    spec:
      containers:
      - name: hello
        image: demo/hello:1 # {"$slipway": "image"}
)";

const RepositoryBed::Files kChart = {
    {"chart/Chart.yaml", "apiVersion: v2\nname: hello\nversion: 1.0.0\n"},
    {"chart/values.yaml", "image: {repository: nginx, tag: '1'}\ngreeting: hello\n"},
    {"chart/crds/crd.yaml",
     "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: "
     "a.b}\n"},
    {"chart/templates/deployment.yaml",
     "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: "
     "{{ .Release.Namespace }}\nspec:\n  template:\n    spec:\n      containers:\n      - image: "
     "\"{{ .Values.image.repository }}:{{ .Values.image.tag }}\"\n        env: [{name: G, value: "
     "{{ "
     ".Values.greeting }}}]\n"}};

struct Bed : RepositoryBed {
  cluster_testing::TestCluster cluster;
  SourceRenderer renderer{
      {.helm_binary = cluster.Program("helm"), .kustomize_binary = cluster.Program("kustomize")}};

  SourceRequest Request(const std::string& path) const {
    return {
        .where = {"demo", "hello", "dev"}, .k8s_namespace = "shop", .path = path, .image = kImage};
  }
  RenderedSource Render(const std::string& commit, const SourceRequest& request) {
    auto rendered = renderer.Render(repository(), commit, request);
    INFO(rendered.status());
    REQUIRE(rendered.ok());
    return *std::move(rendered);
  }
  std::string Fails(const std::string& commit, const SourceRequest& request) {
    const auto rendered = renderer.Render(repository(), commit, request);
    REQUIRE_FALSE(rendered.ok());
    return MessageOf(rendered.status());
  }
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Plain manifests keep their text but for the setters") {
  Bed bed;
  const std::string commit = bed.Commit({{"k/deployment.yaml", kDeployment},
                                         {"k/more/s.yaml",
                                          "apiVersion: v1\nkind: Service\n"
                                          "metadata: {name: s}\n"}});
  const RenderedSource rendered = bed.Render(commit, bed.Request("k"));
  REQUIRE(rendered.manifests.size() == 2);
  CHECK(rendered.manifests[0].file == "deployment.yaml");
  CHECK(rendered.manifests[1].file == "more_s.yaml");
  std::string expected = kDeployment;
  expected.replace(expected.find("demo/hello:1"), 12, "\"" + kImage + "\"");
  CHECK(rendered.manifests[0].text == expected);
}

TEST_CASE("An image that nothing would run is an error with the remedy") {
  Bed bed;
  std::string text = kDeployment;
  text.resize(text.find(" # {"));
  const std::string commit = bed.Commit(
      {{"k/d.yaml", text}, {"z/kustomization.yaml", "resources: [d.yaml]"}, {"z/d.yaml", text}});
  CHECK(Has(bed.Fails(commit, bed.Request("k")), "{\"$slipway\": \"image\"}"));
  SourceRequest other = bed.Request("z");
  other.kustomize_image = "other";
  CHECK(Has(bed.Fails(commit, other), "spec.deploy.kustomize.image"));
  SourceRequest synced = bed.Request("k");
  synced.image.clear();
  CHECK(bed.Render(commit, synced).manifests[0].text == text);
}

TEST_CASE("A folder without objects, or with a broken file, is never an empty result") {
  Bed bed;
  CHECK(Has(bed.Fails(bed.Commit({{"k/a.yaml", "# nothing\n---\n"}}), bed.Request("k")),
            "no object"));
  CHECK(Has(bed.Fails(bed.Commit({{"k/a.yaml", kDeployment + "---\nfoo: [\n"}}), bed.Request("k")),
            "a.yaml"));
  CHECK(Has(bed.Fails(bed.Commit({{"z/kustomization.yaml", "resources: []"}}), bed.Request("z")),
            "no object"));
}

TEST_CASE("A kustomization is built with the image in it") {
  Bed bed;
  const std::string commit =
      bed.Commit({{"base/kustomization.yaml", "resources: [d.yaml]\n"},
                  {"base/d.yaml", kDeployment},
                  {"prod/kustomization.yaml",
                   "resources: [../base]\nnamePrefix: prod-\nconfigMapGenerator:\n"
                   "- {name: c, files: [app.txt]}\n"},
                  {"prod/app.txt", "x"}});
  const RenderedSource rendered = bed.Render(commit, bed.Request("prod"));
  CHECK(rendered.kind == SourceKind::kKustomize);
  REQUIRE(rendered.manifests.size() == 1);
  CHECK(Has(rendered.manifests[0].text, "image: " + kImage));
  CHECK(Has(rendered.manifests[0].text, "name: prod-hello"));
  CHECK(Has(rendered.manifests[0].text, "kind: ConfigMap"));
}

TEST_CASE("A chart gets release, namespace, values, values files and image") {
  Bed bed;
  bed.Commit(kChart);
  const std::string commit = bed.Commit({{"values/dev.yaml", "greeting: from-file\n"}});
  SourceRequest request = bed.Request("chart");
  request.values_files = {"../values/dev.yaml"};
  const std::string text = bed.Render(commit, request).manifests[0].text;
  CHECK(Has(text, "name: hello"));
  CHECK(Has(text, "namespace: shop"));
  CHECK(Has(text, "value: from-file"));
  CHECK(Has(text, "image: \"registry:5000/demo/hello:0123456789ab@" + kDigest + "\""));
  CHECK(Has(text, "kind: CustomResourceDefinition"));
  request.values = {{"greeting", "set"}};
  CHECK(Has(bed.Render(commit, request).manifests[0].text, "value: set"));
  request.image_key = "picture";
  CHECK(Has(bed.Fails(commit, request), "spec.deploy.helm.imageKey"));
}

TEST_CASE("A mistake in a chart is the tool's own message, once rendered") {
  Bed bed;
  bed.Commit(kChart);
  const std::string commit =
      bed.Commit({{"chart/templates/bad.yaml", "a: {{ fail \"no such greeting\" }}\n"}});
  for (int i = 0; i < 3; ++i) {
    const std::string message = bed.Fails(commit, bed.Request("chart"));
    CHECK(Has(message, "no such greeting"));
    CHECK_FALSE(Has(message, "/work/"));
  }
  CHECK(bed.renderer.renders() == 1);
}

TEST_CASE("A commit that touches other files renders nothing") {
  Bed bed;
  RepositoryBed::Files files = kChart;
  files.insert(files.end(), {{"base/kustomization.yaml", "resources: [d.yaml]\n"},
                             {"base/d.yaml", kDeployment},
                             {"prod/kustomization.yaml", "resources: [../base]\n"},
                             {"k/d.yaml", kDeployment}});
  const std::string first = bed.Commit(files);
  const std::vector<std::string> paths = {"chart", "prod", "k"};
  for (const std::string& path : paths) bed.Render(first, bed.Request(path));
  CHECK(bed.renderer.renders() == 3);
  const std::string other = bed.Commit({{"README.md", "x"}, {"base/unused.yaml", "x"}});
  for (const std::string& path : paths) {
    CHECK(*bed.renderer.Key(bed.repository(), other, bed.Request(path)) ==
          bed.Render(first, bed.Request(path)).key);
    bed.Render(other, bed.Request(path));
  }
  CHECK(bed.renderer.renders() == 3);
  std::string changed = kDeployment;
  changed.replace(changed.find("name: hello"), 11, "name: other");
  const std::string base = bed.Commit({{"base/d.yaml", changed}});
  for (const std::string& path : paths) bed.Render(base, bed.Request(path));
  CHECK(bed.renderer.renders() == 4);
}

TEST_CASE("A tool that is not there is named with its setting") {
  RepositoryBed bed;
  SourceRenderer renderer({.kustomize_binary = "/nonexistent/kustomize"});
  const std::string commit =
      bed.Commit({{"z/kustomization.yaml", "resources: []"}, {"c/Chart.yaml", "name: c"}});
  const SourceRequest chart{.where = {"p", "a", "e"}, .path = "c"};
  const SourceRequest kustomization{.where = {"p", "a", "e"}, .path = "z"};
  const auto helm = renderer.Render(bed.repository(), commit, chart);
  CHECK(DetailsOf(helm.status()).reason == "TOOL_MISSING");
  CHECK(Has(MessageOf(helm.status()), "helm-binary"));
  CHECK(Has(MessageOf(renderer.Render(bed.repository(), commit, kustomization).status()),
            "kustomize-binary names no program: /nonexistent/kustomize"));
}

}  // namespace
}  // namespace slipway::gitops
