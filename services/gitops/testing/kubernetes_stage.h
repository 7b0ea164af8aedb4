#pragma once

#include <map>
#include <memory>
#include <string>

#include "services/gitops/domain/definition_events.h"
#include "services/gitops/target/target_set.h"
#include "services/gitops/testing/bed.h"
#include "tests/cluster/testing/fault_proxy.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::gitops {

// gitops with PostgreSQL, a git host, and the API server of tests/cluster behind a proxy that
// counts requests and can be told to fail: app demo/hello in the environment dev, whose namespace
// is one of its own. For tests with the label cluster.
class KubernetesStage : public Bed {
 public:
  struct Options {
    std::vector<std::string> reaches = {};  // URLs of more API servers
    Syncer::Options sync = {};
    absl::Duration sweep_interval = absl::Minutes(10);
  };
  explicit KubernetesStage(Options options);
  KubernetesStage() : KubernetesStage(Options{}) {}
  ~KubernetesStage();

  static const AppEnvironment kDev;

  // An image of the app came, which is deployed by itself; the number of its deployment follows
  // from the order of the calls.
  void Deploy(const std::string& tag);
  // A deployment of the app with these files, name by text, as if they came from a path of a
  // repository.
  Deployment DeployFiles(const std::map<std::string, std::string>& files);
  // Replaces the process: as after a kill.
  void Restart();
  // Commits files into an app's folder by hand, in the place of all that is there; none: the folder
  // goes. The environment is set up for the app when it is new.
  void Commit(const AppEnvironment& where, const std::map<std::string, std::string>& files);
  // An app whose environment is known, so that commits by hand are applied.
  void MakeApp(const AppEnvironment& where);

  // pipeline tells that a definition changed: Tell("cluster.changed", "clusters/test").
  void Tell(const std::string& event, const std::string& name);

  EnvironmentState Environment(const AppEnvironment& where);
  // Waits until what is applied is the newest commit and it runs.
  bool AwaitSynced(const AppEnvironment& where, absl::Duration limit = absl::Seconds(20));
  // Whether kubectl finds the object in the namespace.
  bool Exists(const std::string& kind, const std::string& name) const {
    return ns->Get(kind, name).is_object();
  }
  // Writing requests that came to the server since `mark`, without dry runs.
  int64_t Writes(int64_t mark);
  int64_t Mark();

  std::unique_ptr<cluster_testing::TestNamespace> ns;
  cluster_testing::FaultProxy proxy;
  std::unique_ptr<Target> local;
  std::unique_ptr<TargetSet> target;

 private:
  const Options options_;
  int64_t order_ = 0;
};

}  // namespace slipway::gitops
