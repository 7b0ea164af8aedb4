#include <catch2/catch.hpp>

#include "services/gitops/testing/sync_bed.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};
const AppEnvironment kOwn = {"own", "hello", "dev"};
const std::vector<Manifest> kConfig = {
    {"config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hello\n"}};

TEST_CASE(
    "what comes from a repository that the project does not allow is refused before a write") {
  SyncBed bed;
  slipway::pipeline::v1::ProjectSpec project;
  project.mutable_limits()->add_source_repos(std::string("https://git.example.com/shop"));
  bed.pipeline.SetProject("demo", project);
  const Deployment foreign = bed.DeployFrom(kDev, "https://git.example.com/other/hello", kConfig);
  bed.process->Start();
  const Deployment refused = bed.Ended(foreign);
  CHECK(refused.state == Status::FAILED);
  INFO(refused.reason);
  CHECK(refused.reason.find("https://git.example.com/other/hello is not in "
                            "spec.limits.sourceRepos of project demo") != std::string::npos);
  CHECK(bed.target.Of(kDev).applies == 0);
  // Of this one it may come.
  const Deployment allowed =
      bed.DeployFrom(kDev, "https://git.example.com/shop/hello", {{"other.yaml", kConfig[0].text}});
  CHECK(bed.Ended(allowed).state == Status::HEALTHY);
}

TEST_CASE(
    "a commit in a project's own repository is none of the provider's and of other projects") {
  SyncBed bed({.fetch_interval = absl::Milliseconds(50), .resync_interval = absl::Hours(1)});
  bed.git.CreateRepository("own-ops");
  bed.access.own["own"] = {.url = bed.git.Url("own-ops"), .made = true};
  bed.process->Start();
  CHECK(bed.Ended(bed.Deploy(kDev)).state == Status::HEALTHY);
  CHECK(bed.Ended(bed.Deploy(kOwn)).state == Status::HEALTHY);
  const std::string shown = "SELECT commit_id AS v FROM providers";
  const std::string head = *bed.repository->Head(bed.access.For("demo"));
  const std::string own = *bed.repository->Head(bed.access.For("own"));
  REQUIRE(head != own);
  CHECK(SyncBed::Eventually([&] { return bed.database.Value(shown) == head; }));
  const int before = bed.target.Of(kDev).observations;
  const int applies = bed.target.Of(kOwn).applies;
  bed.git.Commit("own-ops", "main", {{"own/hello/dev/more.yaml", kConfig[0].text}}, "By hand");
  REQUIRE(SyncBed::Eventually([&] { return bed.target.Of(kOwn).applies > applies; }));
  CHECK(bed.target.Of(kDev).observations == before);
  CHECK(bed.database.Value(shown) == head);
}

TEST_CASE("a push that is told is applied without waiting for the next fetch") {
  SyncBed bed({.fetch_interval = absl::Hours(1), .resync_interval = absl::Hours(1)});
  bed.process->Start();
  CHECK(bed.Ended(bed.Deploy(kDev)).state == Status::HEALTHY);
  const int before = bed.target.Of(kDev).applies;
  bed.git.Commit("ops", "main", {{"demo/hello/dev/more.yaml", kConfig[0].text}}, "By hand");
  bed.process->syncer.NotePush("https://git.example.com/somebody/else.git");
  bed.process->syncer.NotePush(bed.access.url + "/");
  CHECK(SyncBed::Eventually([&] { return bed.target.Of(kDev).applies > before; }));
}

}  // namespace
}  // namespace slipway::gitops
