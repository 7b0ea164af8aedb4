#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "libs/db/testing/test_database.h"
#include "libs/events/outbox.h"
#include "libs/git/testing/git_server.h"
#include "libs/oci/testing/registry.h"
#include "services/gitops/domain/committer.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/deployer.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/domain/syncer.h"
#include "services/gitops/store/port_store.h"
#include "services/gitops/target/local/local_target.h"
#include "services/gitops/testing/podman_home.h"

namespace slipway::gitops {

// pipeline as tests need it: deployment pipelines by environment. Thread-safe.
class FakePipeline final : public PipelinePeer {
 public:
  struct Pipeline {
    std::string after = {};
    bool automatic = true;
    std::string cluster = "local";
    std::string k8s_namespace = {};
    slipway::pipeline::v1::DeploySpec deploy = {};
    std::vector<std::string> next = {};
    // Repository of deploy.path; with `synced` there is no workflow.
    slipway::pipeline::v1::Repository repository = {};
    bool synced = false;
  };
  void Set(const AppEnvironment& where, const Pipeline& pipeline);
  void Forget(const AppEnvironment& where);
  void SetCredential(PullCredential credential);
  void SetCluster(const std::string& id, slipway::pipeline::v1::KubernetesTarget cluster);
  void SetProject(const std::string& id, slipway::pipeline::v1::ProjectSpec spec);
  void SetEnvironment(const std::string& id, slipway::pipeline::v1::EnvironmentSpec spec);
  // Definitions can't be read: pipeline is down.
  void SetAway(bool away);
  std::vector<std::string> confirmed();

  absl::StatusOr<slipway::pipeline::v1::ResolveDeploymentResponse> ResolveDeployment(
      const AppEnvironment& where) override;
  absl::StatusOr<std::vector<PullCredential>> PullCredentials(const std::string& host) override;
  absl::StatusOr<slipway::pipeline::v1::KubernetesTarget> ResolveCluster(
      const std::string& cluster) override;
  absl::StatusOr<slipway::pipeline::v1::ProjectSpec> GetProject(
      const std::string& project) override;
  absl::StatusOr<slipway::pipeline::v1::EnvironmentSpec> GetEnvironment(
      const std::string& environment) override;
  absl::StatusOr<GitCredential> GitAccount(const std::string& account,
                                           const std::string& url) override;
  // With the environments of all pipelines that are only synced.
  absl::StatusOr<slipway::pipeline::v1::App> GetApp(const std::string& name) override;
  absl::Status ConfirmDeletion(const std::string& name, const std::string& app_uid) override;

 private:
  Mutex mu_;
  bool away_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::map<std::string, slipway::pipeline::v1::ProjectSpec> projects_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, slipway::pipeline::v1::EnvironmentSpec> environments_
      SLIPWAY_GUARDED_BY(mu_);
  std::map<AppEnvironment, Pipeline> pipelines_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<PullCredential> credentials_ SLIPWAY_GUARDED_BY(mu_);
  std::map<std::string, slipway::pipeline::v1::KubernetesTarget> clusters_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> confirmed_ SLIPWAY_GUARDED_BY(mu_);
};

// The loops of one gitops process over given parts; destroyed and made anew it is the process that
// comes after a kill.
struct TestProcess {
  TestProcess(db::Pool& pool, PipelinePeer& pipeline, DesiredRepository& repository, Target& target,
              ActiveRepository active, Syncer::Options options);
  ~TestProcess();
  // Whichever are wanted.
  void Start();
  void Stop();

  SystemClock clock;
  Watchers watchers;
  events::Outbox outbox;
  Lifecycle lifecycle;
  Deployer deployer;
  Committer committer;
  Syncer syncer;
};

// Everything real around gitops: PostgreSQL, a git host, a registry, podman. For integration tests.
class Stage {
 public:
  struct Options {
    std::string registry_user = {};
    std::string registry_password = {};
    bool active_provider = true;
    Syncer::Options sync = {};
  };
  explicit Stage(Options options);
  Stage() : Stage(Options{}) {}
  ~Stage();

  static const AppEnvironment kDev;
  static const AppEnvironment kProd;

  // An image of app demo/hello and its event; returns the record.
  slipway::build::v1::ImageCreated MakeImage(const std::string& text, int64_t order,
                                             const std::string& command = "");
  void Announce(const slipway::build::v1::ImageCreated& event);
  // Replaces the process: as after a kill.
  void Restart(bool start = true);
  void MakePipelines();

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
  // Body of GET url; empty when it is not answered.
  static std::string Fetch(const std::string& url);
  // The events of the journal about a subject, oldest first.
  std::vector<std::string> Journal(const std::string& subject);

  oci::Registry registry;
  PodmanHome podman;
  git::GitServer git;
  db::TestDatabase database;
  FakePipeline pipeline;
  std::unique_ptr<git::GitCli> cli;
  std::unique_ptr<git::MirrorStore> mirrors;
  std::optional<http::OutgoingGuard> guard;
  std::unique_ptr<DesiredRepository> repository;
  std::unique_ptr<PortStore> ports;
  std::unique_ptr<local::LocalTarget> target;
  std::unique_ptr<TestProcess> process;
  RepositoryAccess access;

 private:
  Options options_;
  TempDir folder_;
};

}  // namespace slipway::gitops
