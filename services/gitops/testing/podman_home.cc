#include "services/gitops/testing/podman_home.h"

#include <unistd.h>

#include "libs/base/check.h"
#include "libs/base/encoding.h"
#include "libs/base/strings.h"
#include "libs/process/run.h"

namespace slipway::gitops {
namespace {

bool Try(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env = {}) {
  process::ProcessSpec spec;
  spec.argv = argv;
  spec.env = env;
  const auto result = process::Run(spec);
  return result.ok() && result->ok();
}

}  // namespace

PodmanHome::PodmanHome(const std::vector<std::string>& insecure_registries)
    : folder_(*TempDir::Create("pod-")) {
  const std::string& root = folder_.path();
  const std::string key = Sha256Hex(root).substr(0, 8);
  bridge_ = "swt-" + key;
  const auto write = [&](const std::string& file, const std::string& text) {
    SLIPWAY_CHECK(WriteFileAtomic(root + "/" + file, text).ok());
  };
  SLIPWAY_CHECK(MakeDirectories(root + "/net").ok());
  // crun needs cgroup v2; runc works with both.
  write("containers.conf",
        "[containers]\ndefault_ulimits = [\"nofile=4096:4096\", \"nproc=4096:4096\"]\n"
        "log_driver = \"k8s-file\"\n[engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\n"
        "events_logger = \"file\"\nstatic_dir = \"" +
            root + "/libpod\"\ntmp_dir = \"" + root + "/tmp\"\nvolume_path = \"" + root +
            "/volumes\"\n[network]\nnetwork_config_dir = \"" + root + "/net\"\n");
  write("storage.conf", "[storage]\ndriver = \"overlay\"\nrunroot = \"" + root +
                            "/run\"\ngraphroot = \"" + root + "/graph\"\n");
  std::string registries = "unqualified-search-registries = []\n";
  for (const std::string& registry : insecure_registries) {
    registries += "[[registry]]\nlocation = \"" + registry + "\"\ninsecure = true\n";
  }
  write("registries.conf", registries);
  const std::string subnet = "10." +
                             std::to_string(std::stoi(key.substr(0, 2), nullptr, 16) % 100 + 28) +
                             "." + std::to_string(std::stoi(key.substr(2, 2), nullptr, 16));
  std::string network =
      R"({"cniVersion": "0.4.0", "name": "podman-default-kube-network", "plugins": [
  {"type": "bridge", "bridge": "BRIDGE", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "ROOT/ipam", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "SUBNET.0/24", "gateway": "SUBNET.1"}]]},
   "capabilities": {"ips": true}},
  {"type": "portmap", "capabilities": {"portMappings": true}},
  {"type": "firewall", "backend": ""},
  {"type": "tuning"}
]})";
  const std::pair<std::string_view, std::string> words[] = {
      {"BRIDGE", bridge_}, {"ROOT", root}, {"SUBNET", subnet}};
  for (const auto& [word, value] : words) {
    for (size_t at; (at = network.find(word)) != std::string::npos;) {
      network.replace(at, word.size(), value);
    }
  }
  write("net/podman-default-kube-network.conflist", network);
}

PodmanHome::~PodmanHome() {
  Run({"pod", "rm", "-f", "-t", "0", "-a"});
  Try({"ip", "link", "del", bridge_});
  // The overlay of the store stays mounted otherwise.
  Try({"umount", "-l", folder_.path() + "/graph/overlay"});
}

local::Podman::Options PodmanHome::options() const {
  return {.containers_conf = folder_.path() + "/containers.conf",
          .storage_conf = folder_.path() + "/storage.conf",
          .registries_conf = folder_.path() + "/registries.conf",
          .work_dir = folder_.path() + "/work"};
}

std::string PodmanHome::Run(const std::vector<std::string>& arguments) const {
  process::ProcessSpec spec;
  spec.argv = {"podman"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.env = {{"CONTAINERS_CONF", options().containers_conf},
              {"CONTAINERS_STORAGE_CONF", options().storage_conf},
              {"CONTAINERS_REGISTRIES_CONF", options().registries_conf}};
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok());
  return std::string(Trim(result->out));
}

}  // namespace slipway::gitops
