#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "libs/db/testing/test_database.h"
#include "libs/git/testing/git_server.h"
#include "libs/http/outgoing_guard.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/remover.h"
#include "services/gitops/testing/fake_pipeline.h"
#include "services/gitops/testing/test_process.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::gitops {

// What the loops of gitops stand on in tests: PostgreSQL, a git host with the GitOps repository,
// and a pipeline service. What they deploy to is added by the class that is derived from it, which
// makes `process` and ends it before its own parts go. Not thread-safe.
class Bed {
 public:
  std::optional<Deployment> Find(const AppEnvironment& where, int64_t number = 0);
  // Waits until the deployment ended; its state.
  Deployment AwaitEnd(const AppEnvironment& where, int64_t number,
                      absl::Duration limit = absl::Seconds(30));
  Deployment Await(const AppEnvironment& where, int64_t number,
                   const std::function<bool(const Deployment&)>& good,
                   absl::Duration limit = absl::Seconds(30));
  // Waits until `good`, asked again and again; false after the limit.
  static bool Eventually(const std::function<bool()>& good,
                         absl::Duration limit = absl::Seconds(20));
  // The events of the journal about a subject, oldest first.
  std::vector<std::string> Journal(const std::string& subject);
  // A deployment that waits to be committed, with the manifests that its settings render to. On a
  // cluster, if one is named.
  Deployment Deploy(const AppEnvironment& where, const std::string& cluster = "local",
                    const std::string& k8s_namespace = "");
  // The same, but rendered from a repository.
  Deployment DeployFrom(const AppEnvironment& where, const std::string& url,
                        const std::vector<Manifest>& manifests,
                        const std::string& cluster = "local",
                        const std::string& k8s_namespace = "");
  // Writes what `deployment` shall commit.
  void SetManifests(const Deployment& deployment, const std::vector<Manifest>& manifests);
  // What a Remover beside `process` works with.
  Remover::Parts RemoverParts();
  // An image came.
  void Announce(const slipway::build::v1::ImageCreated& event);

  db::TestDatabase database;
  git::GitServer git;
  FakePipeline pipeline;
  RepositoryAccess access;  // to the GitOps repository
  std::unique_ptr<git::GitCli> cli;
  std::unique_ptr<git::MirrorStore> mirrors;
  std::optional<http::OutgoingGuard> guard;
  std::unique_ptr<DesiredRepository> repository;
  std::unique_ptr<TestProcess> process;

 protected:
  Bed();
  ~Bed();

  // Before `repository` and `guard` are used; `also`: "HOST:PORT" that may be reached beside git.
  void OpenRepository(std::vector<std::string> also = {});
  // The provider in force.
  ActiveRepository Active() {
    return [this]() -> absl::StatusOr<std::optional<RepositoryAccess>> { return access; };
  }
  // Of app demo/hello, for its environment dev.
  static slipway::build::v1::ImageCreated ImageEvent(const std::string& reference, int64_t order,
                                                     const std::string& subject);

 private:
  Deployment Create(const NewDeployment& make);

  TempDir folder_;
};

}  // namespace slipway::gitops
