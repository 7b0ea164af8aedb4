// The fixture itself: what the programs are, who may do what, and that nothing outlives its users.

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/base/unique_fd.h"
#include "libs/json/json.h"
#include "libs/process/process.h"
#include "libs/process/run.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::cluster_testing {
namespace {

std::string Script(const std::string& name) {
  return std::string(std::getenv("SLIPWAY_SOURCE_DIR")) + "/tests/cluster/" + name;
}

process::ProcessResult RunProgram(std::vector<std::string> argv,
                                  std::map<std::string, std::string> env = {}) {
  process::ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.env = std::move(env);
  spec.timeout = absl::Seconds(100);
  const auto result = process::Run(spec);
  REQUIRE(result.ok());
  return *result;
}

// Processes that the cluster in `folder` consists of, as its supervisor wrote them down.
std::vector<int> PidsOf(const std::string& folder) {
  std::vector<int> pids;
  const auto text = ReadFile(folder + "/pids");
  REQUIRE(text.ok());
  for (const std::string& line : Split(*text, '\n')) {
    if (!line.empty()) pids.push_back(std::stoi(line));
  }
  return pids;
}

// True once the process is gone; waits for it.
bool Ends(int pid) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd end{pidfd.get(), POLLIN, 0};
  return !pidfd.valid() || ::poll(&end, 1, 10'000) == 1;
}

TEST_CASE("All programs come from one build") {
  const TestCluster cluster;
  const auto version = json::Parse(cluster.MustKubectl({"version", "-o", "json"}));
  REQUIRE(version.ok());
  const auto server = json::GetString(*version, "serverVersion.gitVersion");
  CHECK(server == json::GetString(*version, "clientVersion.gitVersion"));
  CHECK(server->starts_with("v1."));
  for (const char* program : {"helm", "kustomize"}) {
    CHECK(RunProgram({cluster.Program(program), "version"}).ok());
  }
}

TEST_CASE("The users have the rights that their names promise") {
  const TestCluster cluster;
  const auto can = [&](const std::string& user, std::vector<std::string> args) {
    args.insert(args.begin(), {"--kubeconfig=" + cluster.Kubeconfig(user), "auth", "can-i"});
    return cluster.Kubectl(args).ok();
  };
  CHECK(can("admin", {"*", "*"}));
  CHECK(can("slipway", {"*", "*"}));
  CHECK(can("restricted", {"create", "deployments", "--namespace=restricted"}));
  CHECK_FALSE(can("restricted", {"create", "deployments", "--namespace=default"}));
  CHECK_FALSE(can("restricted", {"create", "namespaces"}));
  const TestNamespace own;
  const TestNamespace other;
  const std::string kubeconfig = own.RestrictedKubeconfig();
  CHECK(cluster.Kubectl({"--kubeconfig=" + kubeconfig, "auth", "can-i", "create", "pods"}).ok());
  CHECK_FALSE(cluster
                  .Kubectl({"--kubeconfig=" + kubeconfig, "auth", "can-i", "create", "pods",
                            "--namespace=" + other.name()})
                  .ok());
  const Outcome who =
      cluster.Kubectl({"--kubeconfig=" + cluster.Kubeconfig("slipway"), "auth", "whoami"});
  CHECK(who.out.find("system:masters") == std::string::npos);
  CHECK(who.out.find("slipway") != std::string::npos);
}

// A child that says nothing.
process::ProcessSpec Quiet(std::vector<std::string> argv) {
  process::ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.out = process::OutputSink::Discard();
  spec.err = process::OutputSink::Discard();
  return spec;
}

TEST_CASE("A cluster ends with the last process that uses it, and its folder goes") {
  const auto dir = TempDir::Create("own-cluster");
  const std::string folder = dir->path() + "/cluster";
  const process::ProcessSpec spec = Quiet({"sleep", "600"});
  auto first = process::Process::Start(spec);
  auto second = process::Process::Start(spec);
  const auto start = [&](const process::Process& user) {
    return RunProgram({Script("cluster.py"), "start", folder, "--for", std::to_string(user.pid())});
  };
  const process::ProcessResult started = start(*first);
  INFO(started.err);
  REQUIRE(started.ok());
  const std::vector<int> pids = PidsOf(folder);
  REQUIRE(pids.size() == 4);
  REQUIRE(start(*second).ok());
  CHECK(PidsOf(folder) == pids);  // shared, not started again
  CHECK(TestCluster(folder).MustKubectl({"get", "nodes", "-o", "name"}) == "node/node-1");

  REQUIRE(first->Stop().ok());
  CHECK(TestCluster(folder).Kubectl({"get", "nodes"}).ok());
  REQUIRE(second->Stop().ok());
  for (const int pid : pids) CHECK(Ends(pid));
}

TEST_CASE("A cluster whose supervisor is killed leaves nothing behind") {
  const auto dir = TempDir::Create("own-cluster");
  const std::string folder = dir->path() + "/cluster";
  const process::ProcessSpec spec = Quiet({Script("cluster.py"), "run", folder});
  auto supervisor = process::Process::Start(spec);
  REQUIRE(supervisor.ok());
  REQUIRE(RunProgram({Script("cluster.py"), "wait", folder}).ok());
  const std::vector<int> pids = PidsOf(folder);
  const std::string before = *ReadFile(folder + "/kubeconfig");
  TestCluster(folder).MustKubectl({"create", "configmap", "kept"});
  supervisor->Kill(SIGKILL);
  REQUIRE(supervisor->Wait(absl::Seconds(10)).ok());
  for (const int pid : pids) CHECK(Ends(pid));

  // Started again in the same folder it is the same cluster: address, tokens and objects.
  auto again = process::Process::Start(spec);
  REQUIRE(RunProgram({Script("cluster.py"), "wait", folder}).ok());
  CHECK(*ReadFile(folder + "/kubeconfig") == before);
  CHECK(TestCluster(folder).Kubectl({"get", "configmap", "kept"}).ok());
  CHECK(again->Stop()->ok());
}

TEST_CASE("Programs that are missing are named, with what to do") {
  const auto dir = TempDir::Create("no-programs");
  const std::map<std::string, std::string> env = {{"SLIPWAY_CACHE_DIR", dir->path()},
                                                  {"KUBEBUILDER_ASSETS", ""}};
  const process::ProcessResult done =
      RunProgram({Script("cluster.py"), "start", dir->path() + "/cluster"}, env);
  CHECK(done.exit_code == 1);
  CHECK(done.err.find("run tests/cluster/build") != std::string::npos);
  CHECK_FALSE(PathExists(dir->path() + "/cluster"));
}

TEST_CASE("A developer's own programs are used instead of a build") {
  const auto dir = TempDir::Create("own-programs");
  const TestCluster cluster;
  const std::map<std::string, std::string> env = {
      {"SLIPWAY_CACHE_DIR", dir->path()}, {"KUBEBUILDER_ASSETS", cluster.folder() + "/bin"}};
  const process::ProcessResult done = RunProgram({Script("build")}, env);
  CHECK(done.ok());
  CHECK(done.out == cluster.folder() + "/bin\n");
}

}  // namespace
}  // namespace slipway::cluster_testing
