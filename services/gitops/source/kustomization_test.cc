#include "services/gitops/source/kustomization.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

using Paths = std::vector<std::string>;

KustomizationRefs Refs(const std::string& text) {
  const auto content = ParseKustomization("k.yaml", text);
  INFO(content.status());
  REQUIRE(content.ok());
  const auto refs = FindRefs("k.yaml", *content);
  INFO(refs.status());
  REQUIRE(refs.ok());
  return *refs;
}

std::string Images(const std::string& text, const std::string& name) {
  auto content = ParseKustomization("k.yaml", text);
  REQUIRE(content.ok());
  REQUIRE(SetImage("k.yaml", name, "registry:5000/demo/hello@sha256:aa", *content).ok());
  return boost::json::serialize(content->at("images"));
}

TEST_CASE("All files that a kustomization names are found") {
  const KustomizationRefs refs = Refs(R"(
resources: [../base, deployment.yaml]
components: [../mixin]
patches:
- path: patch.yaml
- patch: |-
    - op: remove
      path: /spec
patchesStrategicMerge:
- old.yaml
- |
  kind: Deployment
configMapGenerator:
- name: a
  files: [app.properties, key=other.txt]
  envs: [a.env]
- name: b
  env: b.env
  literals: [a=b]
replacements:
- path: r.yaml
- source: {kind: Service}
openapi: {path: schema.json}
images: [{name: a}]
)");
  CHECK(refs.files_or_folders == Paths{"../base", "deployment.yaml", "../mixin"});
  CHECK(refs.files == Paths{"patch.yaml", "old.yaml", "app.properties", "other.txt", "a.env",
                            "b.env", "r.yaml", "schema.json"});
  CHECK_FALSE(refs.whole_folder);
}

TEST_CASE("What may read files in unknown ways widens to the folder") {
  CHECK(Refs("transformers: [labels.yaml]").whole_folder);
  CHECK(Refs("somethingNew: [a]").whole_folder);
}

TEST_CASE("A kustomization that wants charts, or is none, is refused") {
  const auto charts = ParseKustomization("k.yaml", "helmCharts: [{name: a, repo: https://x}]");
  CHECK(MessageOf(FindRefs("k.yaml", *charts).status()).find("helmCharts is not supported") !=
        std::string::npos);
  CHECK_FALSE(ParseKustomization("k.yaml", "- a").ok());
  CHECK_FALSE(ParseKustomization("k.yaml", "a: 1\n---\nb: 2").ok());
  CHECK_FALSE(ParseKustomization("k.yaml", "resources: [a").ok());
  CHECK_FALSE(FindRefs("k.yaml", *ParseKustomization("k.yaml", "resources: [[a]]")).ok());
}

TEST_CASE("Forms of remote bases are known") {
  for (const char* ref : {"https://example.com/x.yaml", "github.com/org/repo//base?ref=v1",
                          "git@github.com:org/repo", "ssh://git@host/x", "git::https://host/x",
                          "gitlab.example.com/group/repo", "host:path/x"}) {
    INFO(ref);
    CHECK(LooksRemote(ref));
  }
  for (const char* ref : {"../base", "./a/b.yaml", "deployment.yaml", "a/b", ".config/x", "a.b"}) {
    INFO(ref);
    CHECK_FALSE(LooksRemote(ref));
  }
}

TEST_CASE("The image is set as kustomize edit set image does") {
  CHECK(
      Images("images: [{name: app, newTag: '1'}, {name: b}]", "app") ==
      R"([{"name":"app","digest":"sha256:aa","newName":"registry:5000/demo/hello"},{"name":"b"}])");
  CHECK(Images("images: [{name: app, newTag: '1'}]", "") ==
        R"([{"name":"app","digest":"sha256:aa","newName":"registry:5000/demo/hello"}])");
  CHECK(
      Images("resources: [a.yaml]", "") ==
      R"([{"name":"registry:5000/demo/hello","newName":"registry:5000/demo/hello","digest":"sha256:aa"},)"
      R"({"name":"demo/hello","newName":"registry:5000/demo/hello","digest":"sha256:aa"}])");
}

}  // namespace
}  // namespace slipway::gitops
