#pragma once

#include <map>
#include <memory>
#include <string>

#include "libs/db/leadership.h"
#include "services/gitops/domain/cluster_leases.h"
#include "services/gitops/target/target_set.h"
#include "services/gitops/testing/bed.h"
#include "services/gitops/testing/fake_target.h"
#include "tests/cluster/testing/fault_proxy.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::gitops {

// What one replica needs of its own. It works on the clusters that it holds, and commits nothing.
// Destroyed it is as killed: it gives nothing back.
class Replica {
 public:
  struct Parts {
    db::Pool& pool;
    git::GitCli& cli;
    const http::OutgoingGuard& guard;
    PipelinePeer& pipeline;
    ActiveRepository active;
    std::string instance;
    std::string installation;
    absl::Duration lease;
  };
  explicit Replica(const Parts& parts);
  ~Replica();

  // In order: the others need not wait.
  void End();

 private:
  void OnNotice(const Notice& notice);

  const TempDir folder_;
  git::MirrorStore mirrors_;
  FakeTarget local_;

 public:
  DesiredRepository repository;
  ReplicaWire wire;
  ClusterLeases leases;
  TargetSet target;
  TestProcess process;

 private:
  db::Leadership session_;
  bool ended_ = false;
};

// Replicas of gitops on one database and the API server of tests/cluster, which is both clusters,
// "east" and "west": app demo/hello goes to each of them, in a namespace of its own. Each instance
// reaches the server through a proxy of its own. One more process commits, and has no clusters. For
// tests with the label cluster.
class ReplicaStage : public Bed {
 public:
  static constexpr absl::Duration kLease = absl::Milliseconds(2700);
  static const AppEnvironment kEast;
  static const AppEnvironment kWest;

  ReplicaStage();
  ~ReplicaStage();

  // Instance "a" or "b".
  std::unique_ptr<Replica> Start(const std::string& instance);

  // Deploys a config map "a" with this value; the deployment.
  Deployment DeployValue(const AppEnvironment& where, const std::string& value);
  std::string ValueOn(const AppEnvironment& where);
  // Somebody changes it on the cluster.
  void Drift(const AppEnvironment& where);
  // Waits until the config map has the value.
  bool AwaitValue(const AppEnvironment& where, const std::string& value,
                  absl::Duration limit = absl::Seconds(20));
  // Who holds a cluster; empty: nobody.
  std::string HolderOf(const std::string& cluster);

  // Requests of an instance that changed something, since `mark`.
  int64_t Writes(const std::string& instance, int64_t mark);
  int64_t Mark(const std::string& instance);

  struct Access {
    std::unique_ptr<cluster_testing::FaultProxy> proxy;
    FakePipeline pipeline;
  };
  std::map<std::string, std::unique_ptr<cluster_testing::TestNamespace>> namespaces;
  std::map<std::string, Access> instances;

 private:
  class NothingHeld;

  std::unique_ptr<NothingHeld> nothing_;
  FakeTarget local_;
  std::unique_ptr<TargetSet> nowhere_;
  std::unique_ptr<ReplicaWire> wire_;
};

}  // namespace slipway::gitops
