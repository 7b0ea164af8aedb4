#include <catch2/catch.hpp>

#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/tests/host_bench.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using Spec = pb::GitOpsProviderSpec;

// Deployments of two projects, of which "demo" has a repository of its own.
struct Projects {
  explicit Projects(HostBench& over)
      : outbox(over.database().pool()),
        lifecycle(over.clock(), outbox, watchers, nullptr),
        committer(
            over.database().pool(), lifecycle, over.repository(),
            [&over] { return over.providers().Active(); }, nullptr,
            [&over](const std::string& project) {
              return over.project_repositories().Prepare(project);
            }),
        bench(over) {}

  Deployment Deploy(const std::string& project, const std::string& own) {
    NewDeployment make{.where = {project, "hello", "dev"}, .app_uid = project + "-uid"};
    make.image = {.name = "projects/" + project + "/apps/hello/images/1",
                  .reference = "r.example/hello@sha256:" + std::string(64, 'a'),
                  .digest = "sha256:" + std::string(64, 'a')};
    make.own_repository = own;
    const auto made = db::RunTx(bench.database().pool(), "test.deploy", absl::Seconds(10),
                                [&](db::Tx& tx) { return lifecycle.Create(tx, make); });
    REQUIRE(made.ok());
    return *made;
  }
  std::string StateOf(const Deployment& deployment) {
    return bench.database().Value(
        "SELECT state || ' ' || reason AS v FROM deployments WHERE id = " +
        std::to_string(deployment.id));
  }
  // Folders of deployments in the newest commit of a repository.
  std::vector<std::string> Folders(const RepositoryAccess& access) {
    REQUIRE(bench.repository().Fetch(access).ok());
    const auto head = bench.repository().Head(access);
    REQUIRE(head.ok());
    std::vector<std::string> folders;
    const auto found = bench.repository().ListFolders(access, *head);
    REQUIRE(found.ok());
    for (const AppEnvironment& where : *found) folders.push_back(where.Folder());
    return folders;
  }

  events::Outbox outbox;
  Watchers watchers;
  Lifecycle lifecycle;
  Committer committer;
  HostBench& bench;
};

TEST_CASE(
    "a project's own repository is made private before its first commit, and only its deployments "
    "go there") {
  HostBench bench(GENERATE(Spec::GITHUB, Spec::GITLAB, Spec::AZURE_DEVOPS, Spec::BITBUCKET_CLOUD));
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  REQUIRE(bench.Validated().status().active());
  Projects projects(bench);
  projects.Deploy("demo", "demo-ops");
  projects.Deploy("other", "");
  projects.committer.Pass();
  projects.committer.Pass();
  CHECK(bench.host().Repositories() == std::vector<std::string>{"demo-ops", "desired"});
  CHECK(bench.host().Get("demo-ops").is_private);
  const auto active = *bench.providers().Active();
  REQUIRE(active.has_value());
  CHECK(active->IsMade("demo"));
  CHECK(active->All().size() == 2);
  CHECK(projects.Folders(active->For("demo")) == std::vector<std::string>{"demo/hello/dev"});
  CHECK(projects.Folders(active->For("other")) == std::vector<std::string>{"other/hello/dev"});
}

TEST_CASE("a project whose repository can't be made waits and says why, and others go on") {
  HostBench bench(Spec::GITHUB);
  REQUIRE(bench.Apply(bench.Wanted()).ok());
  REQUIRE(bench.Validated().status().active());
  bench.host().AddRepository("demo-ops", {.hidden = true});
  Projects projects(bench);
  const Deployment waits = projects.Deploy("demo", "demo-ops");
  const Deployment goes = projects.Deploy("other", "");
  projects.committer.Pass();
  INFO(projects.StateOf(waits));
  CHECK(projects.StateOf(waits).find("another name") != std::string::npos);
  CHECK(projects.StateOf(goes).starts_with("SYNCING"));
  // The project's repository is called otherwise now.
  projects.Deploy("demo", "demo-desired");
  projects.committer.Pass();
  projects.committer.Pass();
  CHECK(projects.Folders((*bench.providers().Active())->For("demo")) ==
        std::vector<std::string>{"demo/hello/dev"});
}

}  // namespace
}  // namespace slipway::gitops
