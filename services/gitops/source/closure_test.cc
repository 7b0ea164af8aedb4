#include "services/gitops/source/closure.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gitops/source/testing/repository_bed.h"

namespace slipway::gitops {
namespace {

using Paths = std::vector<std::string>;

struct Bed : RepositoryBed {
  absl::StatusOr<Closure> Find(const std::string& commit, const std::string& path,
                               Paths values = {}) {
    return FindClosure(SourceTree(repository(), commit),
                       {.path = path, .values_files = std::move(values)});
  }
  Paths Files(const std::string& commit, const std::string& path, Paths values = {}) {
    const auto closure = Find(commit, path, std::move(values));
    INFO(closure.status());
    REQUIRE(closure.ok());
    Paths files;
    for (const SourceFile& file : closure->files) files.push_back(file.path);
    return files;
  }
  std::string Refused(const std::string& commit, const std::string& path, Paths values = {}) {
    const auto closure = Find(commit, path, std::move(values));
    REQUIRE_FALSE(closure.ok());
    return MessageOf(closure.status());
  }
};

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("Plain manifests are all YAML and JSON below a folder, without hidden files") {
  Bed bed;
  const std::string commit = bed.Commit({{"k/a.yaml", "a"},
                                         {"k/sub/b.yml", "b"},
                                         {"k/sub/c.json", "c"},
                                         {"k/README.md", "r"},
                                         {"k/.github/x.yaml", "x"},
                                         {"k/.hidden.yaml", "x"},
                                         {"other/d.yaml", "d"}});
  CHECK(bed.Files(commit, "k") == Paths{"k/a.yaml", "k/sub/b.yml", "k/sub/c.json"});
  CHECK(bed.Files(commit, "./k/a.yaml") == Paths{"k/a.yaml"});
  CHECK(bed.Find(commit, "k")->kind == SourceKind::kPlain);
  CHECK(absl::IsNotFound(bed.Find(commit, "nothing").status()));
  CHECK(Has(bed.Refused(commit, "k/.github/../README.md"), "neither a folder nor a file"));
  CHECK(Has(bed.Refused(bed.Commit({{"e/README.md", "x"}}), "e"), "no object"));
}

TEST_CASE("A kustomization below plain manifests is not passed over in silence") {
  Bed bed;
  const std::string commit =
      bed.Commit({{"k/a.yaml", "a"}, {"k/sub/kustomization.yaml", "resources: []"}});
  CHECK(Has(bed.Refused(commit, "k"), "k/sub/kustomization.yaml"));
}

TEST_CASE("A kustomization reads what it and its bases name, and nothing else") {
  Bed bed;
  const std::string commit =
      bed.Commit({{"base/kustomization.yml",
                   "resources: [a.yaml]\nconfigMapGenerator: [{name: c, "
                   "files: [key=conf/app.txt]}]"},
                  {"base/a.yaml", "a"},
                  {"base/conf/app.txt", "t"},
                  {"base/unused.yaml", "u"},
                  {"over/prod/kustomization.yaml",
                   "resources: [../../base, b.yaml]\npatches: [{path: p.yaml}]"},
                  {"over/prod/b.yaml", "b"},
                  {"over/prod/p.yaml", "p"},
                  {"over/dev/kustomization.yaml", "resources: [../../base]"}});
  const Paths prod = {"base/a.yaml",
                      "base/conf/app.txt",
                      "base/kustomization.yml",
                      "over/prod/b.yaml",
                      "over/prod/kustomization.yaml",
                      "over/prod/p.yaml"};
  CHECK(bed.Files(commit, "over/prod") == prod);
  CHECK(bed.Find(commit, "over/prod")->entry.path == "over/prod/kustomization.yaml");
  CHECK(bed.Files(bed.Commit(
                      {{"base/kustomization.yml", "resources: [a.yaml]\ntransformers: [t.yaml]"},
                       {"base/t.yaml", "t"}}),
                  "over/dev")
            .size() == 6);
}

TEST_CASE("Kustomizations that refer to each other in a circle end") {
  Bed bed;
  const std::string commit = bed.Commit({{"a/kustomization.yaml", "resources: [../b]"},
                                         {"b/kustomization.yaml", "resources: [../a]"}});
  CHECK(bed.Files(commit, "a").size() == 2);
}

TEST_CASE("A kustomization that leads elsewhere is refused by name") {
  Bed bed;
  const auto refused = [&](const std::string& ref) {
    return bed.Refused(bed.Commit({{"k/kustomization.yaml", "resources: [\"" + ref + "\"]"},
                                   {"k/empty/x.txt", "x"}}),
                       "k");
  };
  CHECK(Has(refused("../../etc"), "leads out of the repository"));
  CHECK(Has(refused("/etc/passwd"), "absolute"));
  CHECK(Has(refused("https://example.com/x.yaml"), "has no network"));
  CHECK(Has(refused("github.com/org/repo//base?ref=v1"), "put a copy of it"));
  CHECK(Has(refused("missing.yaml"), "\"missing.yaml\" is not in the repository"));
  CHECK(Has(refused("empty"), "has no kustomization.yaml"));
}

TEST_CASE("A chart is its folder with the values files, and its dependencies are vendored") {
  Bed bed;
  const std::string commit = bed.Commit({{"c/Chart.yaml", "name: c"},
                                         {"c/values.yaml", "a: 1"},
                                         {"c/templates/x.yaml", "x"},
                                         {"values/prod.yaml", "a: 2"},
                                         {"other.yaml", "o"}});
  CHECK(bed.Files(commit, "c", {"../values/prod.yaml"}) ==
        Paths{"c/Chart.yaml", "c/templates/x.yaml", "c/values.yaml", "values/prod.yaml"});
  CHECK(Has(bed.Refused(commit, "c", {"no.yaml"}), "there is no file \"c/no.yaml\""));
  CHECK(Has(bed.Refused(commit, "c", {"../../x"}), "leads out of the repository"));

  const std::string needs =
      "name: c\ndependencies:\n- {name: redis, version: 1, repository: "
      "\"https://charts.example.com\"}\n";
  const std::string missing = bed.Refused(bed.Commit({{"c/Chart.yaml", needs}}), "c");
  CHECK(Has(missing, "chart \"redis\" of https://charts.example.com"));
  CHECK(Has(missing, "helm dependency update"));
  CHECK(bed.Find(bed.Commit({{"c/charts/redis-1.0.0.tgz", "t"}}), "c").ok());
  CHECK(bed.Find(bed.Commit({{"c/charts/redis-1.0.0.tgz", ""},
                             {"c/charts/anything/Chart.yaml", "name: redis"}}),
                 "c")
            .ok());
}

TEST_CASE("Symbolic links to files inside are followed, all others are refused") {
  Bed bed;
  bed.Commit({{"k/a.yaml", "a"}, {"shared/s.yaml", "s"}});
  const std::string good = bed.CommitLinks({{"k/link.yaml", "../shared/s.yaml"}});
  const auto closure = bed.Find(good, "k");
  REQUIRE(closure.ok());
  REQUIRE(closure->files.size() == 2);
  CHECK(closure->files[1].path == "k/link.yaml");
  CHECK(*SourceTree(bed.repository(), good).Read(closure->files[1]) == "s");
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "/etc/passwd"}}), "k"), "leads out"));
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "../../etc/passwd"}}), "k"), "leads out"));
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "../shared"}}), "k"), "link to a folder"));
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "../nothing"}}), "k"), "leads to nothing"));
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "l"}}), "k"), "too many symbolic links"));
  CHECK(Has(bed.Refused(bed.CommitLinks({{"k/l", "a.yaml"}, {"f", "k"}}), "f"), "to a folder"));
}

}  // namespace
}  // namespace slipway::gitops
