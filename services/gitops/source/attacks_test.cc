// What a hostile repository may try with a render.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/process/run.h"
#include "services/gitops/source/source_renderer.h"
#include "services/gitops/source/testing/repository_bed.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::gitops {
namespace {

struct Bed : RepositoryBed {
  cluster_testing::TestCluster cluster;
  SourceRenderer renderer{
      {.helm_binary = cluster.Program("helm"),
       .kustomize_binary = cluster.Program("kustomize"),
       .limits = {.cpu_seconds = 5, .output_bytes = 4 << 20, .wall_time = absl::Seconds(30)}}};

  absl::Status Render(const std::string& commit, const std::string& path) {
    return renderer
        .Render(repository(), commit,
                {.where = {"demo", "hello", "dev"}, .k8s_namespace = "shop", .path = path})
        .status();
  }
  absl::StatusOr<RenderedSource> Chart(const std::string& text, Files more = {}) {
    more.insert(more.end(), {{"c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n"},
                             {"c/templates/x.yaml", text}});
    return renderer.Render(
        repository(), Commit(more),
        {.where = {"demo", "hello", "dev"}, .k8s_namespace = "shop", .path = "c"});
  }
  absl::Status Kustomize(const std::string& text, Files more = {}) {
    more.emplace_back("k/kustomization.yaml", text);
    return Render(Commit(more), "k");
  }
};

std::string ConfigMap(const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: " + value + "\n";
}

std::string Reason(const absl::Status& status) {
  INFO(status);
  CHECK_FALSE(status.ok());
  return DetailsOf(status).reason;
}

TEST_CASE("Paths out of the repository are refused in the app's own settings") {
  Bed bed;
  const std::string commit = bed.Commit({{"k/a.yaml", ConfigMap("x")}});
  for (const char* path : {"../k", "/etc", "k/../../etc", "a/../../../etc/passwd"}) {
    INFO(path);
    CHECK(Reason(bed.Render(commit, path)) == "SOURCE_INVALID");
  }
  CHECK(bed.Render(commit, "k/../k").ok());
}

TEST_CASE("Tree entries that git itself would not make write nothing outside") {
  Bed bed;
  const std::string blob = bed.Blob(ConfigMap("x"));
  const std::string chart = bed.Blob("apiVersion: v2\nname: c\nversion: 1.0.0\n");
  for (const char* name : {"..", ".", "../../evil.yaml", "/tmp/evil.yaml", "a/../../evil.yaml"}) {
    INFO(name);
    const std::string inner = bed.Tree({{"100644", "Chart.yaml", chart}, {"100644", name, blob}});
    CHECK_FALSE(bed.Render(bed.CommitRaw({{"40000", "c", inner}}), "c").ok());
    const std::string nested = bed.Tree({{"100644", "evil.yaml", blob}});
    const std::string folder = bed.Tree({{"100644", "Chart.yaml", chart}, {"40000", name, nested}});
    CHECK_FALSE(bed.Render(bed.CommitRaw({{"40000", "c", folder}}), "c").ok());
  }
}

TEST_CASE("A few trees that stand for millions of files end at a limit") {
  Bed bed;
  std::string tree = bed.Tree({{"100644", "a.yaml", bed.Blob(ConfigMap("x"))}});
  for (int depth = 0; depth < 10; ++depth) {
    std::vector<RepositoryBed::RawEntry> ten;
    for (char c = 'a'; c <= 'j'; ++c) ten.push_back({"40000", std::string(1, c), tree});
    tree = bed.Tree(ten);
  }
  CHECK(Reason(bed.Render(bed.CommitRaw({{"40000", "k", tree}}), "k")) == "GIT_FOLDER_TOO_LARGE");
}

TEST_CASE("A chart reads no file of this machine") {
  Bed bed;
  for (const char* path : {"/etc/passwd", "../../../../etc/passwd", "/proc/self/environ"}) {
    const auto rendered =
        bed.Chart(ConfigMap("{{ .Files.Get \"" + std::string(path) + "\" | quote }}"));
    INFO(path);
    REQUIRE(rendered.ok());
    CHECK(rendered->manifests[0].text.find("a: \"\"") != std::string::npos);
  }
  const auto values = bed.renderer.Render(
      bed.repository(), bed.Commit({{"x", "y"}}),
      {.where = {"demo", "hello", "dev"}, .path = "c", .values_files = {"../../../etc/passwd"}});
  CHECK(Reason(values.status()) == "SOURCE_INVALID");
}

TEST_CASE("A link in a vendored chart's archive reads no file of this machine") {
  Bed bed;
  const TempDir folder = *TempDir::Create("evil-chart-");
  const auto run = [&](const std::vector<std::string>& argv) {
    process::ProcessSpec spec;
    spec.argv = argv;
    spec.cwd = folder.path();
    REQUIRE(process::Run(spec)->ok());
  };
  run({"mkdir", "-p", "evil/templates"});
  REQUIRE(WriteFileAtomic(folder.path() + "/evil/Chart.yaml",
                          "apiVersion: v2\nname: evil\nversion: 1.0.0\n")
              .ok());
  REQUIRE(WriteFileAtomic(folder.path() + "/evil/templates/a.yaml",
                          ConfigMap("{{ .Files.Get \"secret\" | quote }}"))
              .ok());
  run({"ln", "-s", "/etc/passwd", "evil/secret"});
  run({"tar", "czf", "evil-1.0.0.tgz", "evil"});
  const std::string archive = *ReadFile(folder.path() + "/evil-1.0.0.tgz");
  const auto rendered = bed.Chart("", {{"c/charts/evil-1.0.0.tgz", archive}});
  if (rendered.ok()) CHECK(rendered->manifests[0].text.find("root:") == std::string::npos);
}

TEST_CASE("A decompression bomb among a chart's archives ends at a limit") {
  Bed bed;
  const TempDir folder = *TempDir::Create("bomb-");
  const auto run = [&](const std::vector<std::string>& argv) {
    process::ProcessSpec spec;
    spec.argv = argv;
    spec.cwd = folder.path();
    REQUIRE(process::Run(spec)->ok());
  };
  run({"mkdir", "-p", "bomb/templates"});
  REQUIRE(WriteFileAtomic(folder.path() + "/bomb/Chart.yaml",
                          "apiVersion: v2\nname: bomb\nversion: 1.0.0\n")
              .ok());
  run({"truncate", "-s", "400M", "bomb/zeros"});
  run({"tar", "czf", "bomb-1.0.0.tgz", "bomb"});
  const std::string archive = *ReadFile(folder.path() + "/bomb-1.0.0.tgz");
  REQUIRE(archive.size() < (4u << 20));
  const auto rendered = bed.Chart(ConfigMap("x"), {{"c/charts/bomb-1.0.0.tgz", archive}});
  CHECK_FALSE(rendered.ok());
}

TEST_CASE("Remote bases, resources, charts and plugins are refused before anything runs") {
  Bed bed;
  for (const char* text :
       {"resources: [https://127.0.0.1:1/x.yaml]", "resources: [github.com/org/repo//base?ref=v1]",
        "bases: [\"git@127.0.0.1:org/repo\"]", "components: [\"ssh://git@127.0.0.1/x\"]",
        "patches: [{path: \"http://127.0.0.1:1/p.yaml\"}]",
        "configMapGenerator: [{name: a, files: [\"x=http://127.0.0.1:1/p\"]}]",
        "openapi: {path: \"http://127.0.0.1:1/p\"}"}) {
    INFO(text);
    CHECK(Reason(bed.Kustomize(text)) == "SOURCE_REMOTE");
  }
  CHECK(Reason(bed.Kustomize("helmCharts: [{name: a, repo: \"http://127.0.0.1:1\"}]")) ==
        "SOURCE_INVALID");
  CHECK(bed.renderer.renders() == 0);
}

TEST_CASE("Exec plugins of kustomize run nothing") {
  Bed bed;
  const std::string marker = "/tmp/slipway-plugin-ran-" + HexEncode(std::to_string(::getpid()));
  const std::string plugin =
      "apiVersion: someteam.example.com/v1\nkind: Sed\nmetadata:\n  name: x\n  annotations:\n"
      "    config.kubernetes.io/function: |\n      exec:\n        path: ./run.sh\n";
  const RepositoryBed::Files files = {{"k/a.yaml", ConfigMap("x")},
                                      {"k/run.sh", "#!/bin/sh\ntouch " + marker + "\n"},
                                      {"k/plugin.yaml", plugin}};
  for (const char* field : {"transformers", "generators", "validators"}) {
    INFO(field);
    CHECK(Reason(bed.Kustomize("resources: [a.yaml]\n" + std::string(field) + ": [plugin.yaml]\n",
                               files)) == "RENDER_FAILED");
  }
  CHECK_FALSE(PathExists(marker));
}

TEST_CASE("A chart that wants the network is told so") {
  Bed bed;
  const auto schema = bed.Chart(
      ConfigMap("x"),
      {{"c/values.schema.json", R"({"$schema": "http://json-schema.org/draft-07/schema#",)"
                                R"( "$ref": "http://127.0.0.1:1/schema.json"})"}});
  CHECK_FALSE(schema.ok());
  const auto dns = bed.Chart(ConfigMap("{{ getHostByName \"localhost\" | quote }}"));
  if (dns.ok()) CHECK(dns->manifests[0].text.find("127.0.0.1") == std::string::npos);
  const auto dependency = bed.Chart(
      ConfigMap("x"),
      {{"c/requirements.yaml", "dependencies: [{name: a, version: 1, repository: \"http://x\"}]"}});
  CHECK(Reason(dependency.status()) == "SOURCE_REMOTE");
}

TEST_CASE("A huge output ends at a limit") {
  Bed bed;
  const auto rendered = bed.Chart("{{ range until 100000 }}---\n" +
                                  ConfigMap("{{ repeat 1000 \"x\" }}") + "{{ end }}");
  CHECK(Reason(rendered.status()) == "RENDER_LIMIT");
}

TEST_CASE("Templates without end, and templates that eat all memory, end at a limit") {
  Bed bed;
  const auto forever =
      bed.Chart("{{ range until 100000 }}{{ range until 100000 }}{{ $x := 1 }}{{ end }}{{ end }}");
  CHECK(Reason(forever.status()) == "RENDER_LIMIT");
  const auto memory = bed.Chart(
      "{{ $x := repeat 1000000 \"x\" }}{{ range until 100000 }}{{ $x = print $x $x }}{{ end }}");
  CHECK_FALSE(memory.ok());
}

TEST_CASE("An alias bomb ends at a limit in all kinds of source") {
  Bed bed;
  std::string bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx:\n  a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string n = std::to_string(i), before = std::to_string(i - 1);
    bomb += "  a" + n + ": &a" + n + " [*a" + before + ", *a" + before + ", *a" + before + "]\n";
  }
  CHECK_FALSE(bed.Render(bed.Commit({{"p/a.yaml", bomb}}), "p").ok());
  CHECK_FALSE(bed.Kustomize("resources: [a.yaml]", {{"k/a.yaml", bomb}}).ok());
  CHECK_FALSE(bed.Kustomize(bomb + "resources: [a.yaml]").ok());
  CHECK_FALSE(bed.Chart("", {{"c/templates/y.yaml", bomb}}).ok());
  CHECK_FALSE(bed.Chart(ConfigMap("x"), {{"c/values.yaml", bomb}}).ok());
}

}  // namespace
}  // namespace slipway::gitops
