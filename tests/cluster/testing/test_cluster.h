#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace slipway::cluster_testing {

// How a program of the test ended, with what it printed.
struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;

  bool ok() const { return exit_code == 0; }
};

// A running cluster in its folder: by default the one that ctest started for all tests of the label
// "cluster" (slipway_test(... CLUSTER)). A cluster that is not there aborts the test with a
// sentence that says so. A value, thread-safe.
class TestCluster {
 public:
  TestCluster();
  explicit TestCluster(std::string folder) : folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }
  // The kubeconfig of "admin" (system:masters), "slipway" (cluster-admin by RBAC, subject to flow
  // control) or "restricted" (everything in the namespace "restricted", nothing elsewhere).
  std::string Kubeconfig(std::string_view user = "admin") const;
  // kubectl, helm, kustomize and cluster, of one build with the server.
  std::string Program(std::string_view name) const { return folder_ + "/bin/" + std::string(name); }

  // Runs kubectl as the administrator: a reader that is independent of our own client.
  Outcome Kubectl(const std::vector<std::string>& args, const std::string& stdin_data = "") const;
  // As Kubectl; aborts the test unless it ends with 0. The output without its last line end.
  std::string MustKubectl(const std::vector<std::string>& args,
                          const std::string& stdin_data = "") const;

 private:
  std::string folder_;
};

// A namespace of one test case: made with its default service account, so that pods may start at
// once, and deleted at the end without waiting for it. Not thread-safe.
class TestNamespace {
 public:
  explicit TestNamespace(TestCluster cluster = TestCluster());
  ~TestNamespace();
  TestNamespace(const TestNamespace&) = delete;
  TestNamespace& operator=(const TestNamespace&) = delete;

  const std::string& name() const { return name_; }
  const TestCluster& cluster() const { return cluster_; }

  // kubectl in this namespace; aborts the test unless it ends with 0.
  std::string Kubectl(std::vector<std::string> args, const std::string& stdin_data = "") const;
  // kubectl apply --server-side with the field manager "test", of YAML or JSON without namespace.
  void Apply(const std::string& manifest) const;
  // The object as the server has it: Get("deployment", "api"). Null if there is none.
  boost::json::value Get(const std::string& kind, const std::string& name) const;
  // kubectl wait on an object that is there: WaitFor("deployment/api", "condition=Available"),
  // "jsonpath={.status.phase}=Running", "delete". False when it did not come true in time.
  bool WaitFor(const std::string& object, const std::string& what,
               absl::Duration timeout = absl::Seconds(20)) const;
  // Runs kubectl in this namespace until its output contains `text`; for what kubectl wait can't
  // wait for. False when the time is over.
  bool WaitForOutput(const std::vector<std::string>& args, const std::string& text,
                     absl::Duration timeout = absl::Seconds(20)) const;
  // A kubeconfig of a new service account that may do everything in this namespace and nothing
  // elsewhere; the path of a file that lives as long as the cluster.
  std::string RestrictedKubeconfig() const;

 private:
  TestCluster cluster_;
  std::string name_;
};

}  // namespace slipway::cluster_testing
