// Many apps of one repository: what a look and a push cost.
#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "services/gitops/source/testing/work_bed.h"

namespace slipway::gitops {
namespace {

constexpr int kApps = 50;

std::string PathOf(int app) { return "apps/" + std::to_string(app) + "/a.yaml"; }

std::string ConfigMap(const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: " + value + "}\n";
}

struct ManyApps {
  ManyApps() {
    std::vector<std::pair<std::string, std::string>> files;
    for (int app = 0; app < kApps; ++app) {
      files.emplace_back(PathOf(app), ConfigMap("app" + std::to_string(app)));
    }
    bed.git.Commit("app", "main", files, "all");
    for (int app = 0; app < kApps; ++app) {
      bed.Follow({"demo", "app" + std::to_string(app), "dev"}, "apps/" + std::to_string(app),
                 "main");
    }
  }
  std::string Value(const std::string& select) { return bed.database.Value(select); }
  // The loops go on until nothing waits to be rendered or committed.
  void Settle() {
    WorkBed::LookAt(bed.synced);
    do {
      bed.worker.Pass({});
      bed.committer.Pass();
    } while (Value("SELECT count(*)::text AS v FROM deployments WHERE state IN ('PENDING', "
                   "'COMMITTING')") != "0");
  }

  WorkBed bed;
};

TEST_CASE("Fifty apps of one repository cost its host one question for each look") {
  ManyApps apps;
  WorkBed& bed = apps.bed;
  const int before = bed.git.ListRequests();
  WorkBed::LookAt(bed.synced);
  CHECK(bed.git.ListRequests() - before == 1);
  CHECK(apps.Value("SELECT count(*)::text AS v FROM deployments") == std::to_string(kApps));
  for (int looks = 2; looks < 5; ++looks) {
    WorkBed::LookAt(bed.synced);
    CHECK(bed.git.ListRequests() - before == looks);
  }
}

TEST_CASE("Of many pushes an app renders the newest one that changed it, and the others nothing") {
  ManyApps apps;
  WorkBed& bed = apps.bed;
  apps.Settle();
  CHECK(bed.renderer.renders() == kApps);
  int renders = bed.renderer.renders();
  for (int round = 0; round < 4; ++round) {
    // Ten pushes before anybody looks, to two of the apps and beside all of them.
    for (int push = 0; push < 9; ++push) {
      const std::string text = "r" + std::to_string(round) + "p" + std::to_string(push);
      bed.git.Commit("app", "main", {{PathOf(7 + push % 2), ConfigMap(text)}}, text);
    }
    bed.git.Commit("app", "main", {{"README.md", std::to_string(round)}}, "beside");
    apps.Settle();
    CHECK(bed.renderer.renders() - renders == 2);
    renders = bed.renderer.renders();
    const std::string newest = "SELECT count(*)::text AS v FROM deployments WHERE app = ";
    CHECK(apps.Value(newest + "'app7'") == std::to_string(2 + round));
    CHECK(apps.Value(newest + "'app8'") == std::to_string(2 + round));
    const std::string text = "r" + std::to_string(round) + "p";
    CHECK(bed.git.Git("ops", {"show", "main:demo/app7/dev/a.yaml"}).find(text + "8") !=
          std::string::npos);
    CHECK(bed.git.Git("ops", {"show", "main:demo/app8/dev/a.yaml"}).find(text + "7") !=
          std::string::npos);
  }
  CHECK(apps.Value("SELECT count(*)::text AS v FROM deployments") == std::to_string(kApps + 2 * 4));
}

}  // namespace
}  // namespace slipway::gitops
