#include <catch2/catch.hpp>

#include "services/gitops/testing/sync_bed.h"

namespace slipway::gitops {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

const AppEnvironment kDev = {"demo", "hello", "dev"};

TEST_CASE("a big render is committed as it is") {
  SyncBed bed;
  const Deployment deployment = bed.Deploy(kDev);
  // A line of escapes: in the database it is longer than in the file.
  std::string text = "# ";
  for (int i = 0; i < 6 << 20; ++i) text += "\"\\";
  text += "\n";
  bed.SetManifests(deployment, {{"big.yaml", text}, {"small.yaml", "kind: ConfigMap\n"}});
  bed.process->committer.Pass();
  INFO(bed.Now(deployment).reason);
  CHECK(bed.Now(deployment).state == Status::SYNCING);
  const FolderState folder = bed.Folder(kDev);
  REQUIRE(folder.files.size() == 2);
  CHECK(folder.files[0].text == text);
}

TEST_CASE("a deployment without manifests fails, takes nothing away, and keeps back no other") {
  SyncBed bed;
  bed.Deploy(kDev);
  bed.process->committer.Pass();
  const FolderState before = bed.Folder(kDev);
  REQUIRE_FALSE(before.files.empty());
  const Deployment empty = bed.Deploy(kDev);
  bed.SetManifests(empty, {});
  const Deployment other = bed.Deploy({"demo", "other", "dev"});
  bed.process->committer.Pass();
  CHECK(bed.Now(empty).state == Status::FAILED);
  CHECK(bed.Now(empty).reason.find("has no manifests") != std::string::npos);
  CHECK(bed.Folder(kDev).tree == before.tree);
  CHECK(bed.Now(other).state == Status::SYNCING);
}

TEST_CASE("a deployment whose manifests can't be read fails, and takes nothing away") {
  SyncBed bed;
  bed.Deploy(kDev);
  bed.process->committer.Pass();
  const FolderState before = bed.Folder(kDev);
  const Deployment broken = bed.Deploy(kDev);
  bed.database.Exec(R"(UPDATE deployments SET manifests = '{"not": "a list"}' WHERE id = )" +
                    std::to_string(broken.id));
  bed.process->committer.Pass();
  CHECK(bed.Now(broken).state == Status::FAILED);
  CHECK(bed.Folder(kDev).tree == before.tree);
}

TEST_CASE("a token that the git host refuses is waited for, and the next one is used") {
  SyncBed bed;
  bed.git.RequirePassword("slipway", "the-first-one");
  bed.access.username = "slipway";
  bed.access.token = "the-first-one";
  const Deployment one = bed.Deploy(kDev);
  bed.process->committer.Pass();
  CHECK(bed.Now(one).state == Status::SYNCING);
  bed.git.RequirePassword("slipway", "the-second-one");
  const Deployment two = bed.Deploy(kDev);
  bed.process->committer.Pass();
  const Deployment waiting = bed.Now(two);
  CHECK(waiting.state == Status::COMMITTING);
  INFO(waiting.reason);
  CHECK(waiting.reason.find("waits for the GitOps repository: ") == 0);
  CHECK(waiting.reason.find("refused user name or token") != std::string::npos);
  CHECK(waiting.reason.find(bed.access.provider) != std::string::npos);
  CHECK(waiting.reason.find("the-first-one") == std::string::npos);
  bed.access.token = "the-second-one";
  bed.process->committer.Pass();
  CHECK(bed.Now(two).state == Status::SYNCING);
}

}  // namespace
}  // namespace slipway::gitops
