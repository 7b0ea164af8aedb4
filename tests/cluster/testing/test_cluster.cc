#include "tests/cluster/testing/test_cluster.h"

#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/process/run.h"
#include "tests/cluster/testing/abort.h"

namespace slipway::cluster_testing {
namespace {

std::string FolderOfFixture() {
  const char* folder = std::getenv("SLIPWAY_TEST_CLUSTER");
  if (folder == nullptr) {
    Abort("SLIPWAY_TEST_CLUSTER is not set: run the test by ctest, which starts the cluster");
  }
  if (!PathExists(std::string(folder) + "/ready")) {
    Abort(std::string("no cluster runs in ") + folder +
          ": run the test by ctest, or tests/cluster/cluster.py start " + folder);
  }
  return folder;
}

}  // namespace

TestCluster::TestCluster() : TestCluster(FolderOfFixture()) {}

std::string TestCluster::Kubeconfig(std::string_view user) const {
  return folder_ + "/kubeconfig" + (user == "admin" ? "" : "-" + std::string(user));
}

Outcome TestCluster::Kubectl(const std::vector<std::string>& args,
                             const std::string& stdin_data) const {
  process::ProcessSpec spec;
  spec.argv = {Program("kubectl"), "--kubeconfig=" + Kubeconfig(),
               "--cache-dir=" + folder_ + "/kubectl-cache"};
  spec.argv.insert(spec.argv.end(), args.begin(), args.end());
  spec.stdin_data = stdin_data;
  spec.out = process::OutputSink::Capture(64 << 20);
  spec.timeout = absl::Seconds(60);
  process::ProcessResult result = OrAbort(process::Run(spec));
  if (result.ending != process::ProcessResult::Ending::kExited) {
    Abort("kubectl " + Join(args, " ") + ": " + result.Describe());
  }
  return {result.exit_code, std::move(result.out), std::move(result.err)};
}

std::string TestCluster::MustKubectl(const std::vector<std::string>& args,
                                     const std::string& stdin_data) const {
  const Outcome done = Kubectl(args, stdin_data);
  if (!done.ok()) Abort("kubectl " + Join(args, " ") + ": " + done.err);
  std::string_view out = done.out;
  if (out.ends_with('\n')) out.remove_suffix(1);
  return std::string(out);
}

TestNamespace::TestNamespace(TestCluster cluster)
    : cluster_(std::move(cluster)), name_("t-" + RandomHex(6)) {
  cluster_.MustKubectl({"create", "namespace", name_});
  Kubectl({"wait", "--for=create", "serviceaccount/default", "--timeout=20s"});
}

TestNamespace::~TestNamespace() {
  cluster_.Kubectl({"delete", "namespace", name_, "--wait=false"});
}

std::string TestNamespace::Kubectl(std::vector<std::string> args,
                                   const std::string& stdin_data) const {
  args.insert(args.begin(), "--namespace=" + name_);
  return cluster_.MustKubectl(args, stdin_data);
}

void TestNamespace::Apply(const std::string& manifest) const {
  Kubectl({"apply", "--server-side", "--field-manager=test", "-f", "-"}, manifest);
}

boost::json::value TestNamespace::Get(const std::string& kind, const std::string& name) const {
  const std::string text =
      Kubectl({"get", kind, name, "--ignore-not-found", "--show-managed-fields", "-o", "json"});
  if (text.empty()) return nullptr;
  return OrAbort(json::Parse(text, {.max_bytes = 64 << 20, .max_depth = 256}));
}

bool TestNamespace::WaitFor(const std::string& object, const std::string& what,
                            absl::Duration timeout) const {
  return cluster_
      .Kubectl({"--namespace=" + name_, "wait", object, "--for=" + what,
                "--timeout=" + std::to_string(absl::ToInt64Milliseconds(timeout)) + "ms"})
      .ok();
}

bool TestNamespace::WaitForOutput(const std::vector<std::string>& args, const std::string& text,
                                  absl::Duration timeout) const {
  const absl::Time end = absl::Now() + timeout;
  do {
    if (Kubectl(args).find(text) != std::string::npos) return true;
  } while (absl::Now() < end);
  return false;
}

std::string TestNamespace::RestrictedKubeconfig() const {
  const std::string account = "restricted-" + RandomHex(4);
  Kubectl({"create", "serviceaccount", account});
  Kubectl({"create", "rolebinding", account, "--clusterrole=admin",
           "--serviceaccount=" + name_ + ":" + account});
  const std::string token = Kubectl({"create", "token", account});
  boost::json::value config = OrAbort(json::Parse(OrAbort(ReadFile(cluster_.Kubeconfig()))));
  config.at("users").at(0).at("user").as_object() = {{"token", token}};
  config.at("contexts").at(0).at("context").as_object()["namespace"] = name_;
  const std::string path = cluster_.folder() + "/kubeconfig-" + name_ + "-" + account;
  OrAbort(WriteFileAtomic(path, boost::json::serialize(config)));
  return path;
}

}  // namespace slipway::cluster_testing
