#include "services/runner/image/builder_setup.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <filesystem>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "services/runner/errors.h"

namespace slipway::runner {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Seconds(20);
constexpr const char* kStaticProgram = "/bin/busybox";
constexpr char kProbeDockerfile[] =
    "FROM scratch\nCOPY busybox /busybox\nRUN [\"/busybox\", \"true\"]\n";

std::string FirstOf(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (PathExists(path)) return path;
  }
  return "";
}

// Changes with the kernel and with the tools.
std::string MachineKey() {
  utsname name{};
  ::uname(&name);
  std::string key = name.release;
  for (const char* path :
       {"/usr/bin/buildah", "/usr/sbin/runc", "/usr/bin/runc", "/usr/bin/crun"}) {
    struct stat info;
    if (::stat(path, &info) == 0)
      key += std::string(" ") + path + "@" + std::to_string(info.st_mtime);
  }
  return key;
}

}  // namespace

std::vector<std::string> BuilderSetup::Command(const BuilderFacts& facts) const {
  return {"buildah",
          "--root",
          data_ + "/storage-" + facts.driver,
          "--runroot",
          data_ + "/run-" + facts.driver,
          "--storage-driver",
          facts.driver};
}

std::vector<std::string> BuilderSetup::BuildCommand(const BuilderFacts& facts) {
  std::vector<std::string> argv = {"bud", "--isolation", facts.isolation, "--network", "host"};
  if (!facts.runtime.empty()) argv.insert(argv.end(), {"--runtime", facts.runtime});
  return argv;
}

absl::Status BuilderSetup::Try(const BuilderFacts& facts, std::stop_token stop) const {
  const std::string folder = data_ + "/probe";
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(folder));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(folder));
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(folder + "/Dockerfile", kProbeDockerfile));
  std::error_code copied;
  std::filesystem::copy_file(kStaticProgram, folder + "/busybox", copied);
  if (copied) return ErrnoStatus(copied.value(), kStaticProgram);
  process::ProcessSpec spec;
  spec.argv = Command(facts);
  for (const std::string& word : BuildCommand(facts)) spec.argv.push_back(word);
  spec.argv.insert(spec.argv.end(),
                   {"--quiet", "--no-cache", "--file", folder + "/Dockerfile", folder});
  spec.inherit = {"PATH"};
  spec.env = {{"HOME", folder}, {"TMPDIR", folder}};
  spec.timeout = kProbeTimeout;
  SLIPWAY_ASSIGN_OR_RETURN(const process::ProcessResult result,
                           sandbox_.RunTool(spec, {data_}, JobCgroup({}, "", {}), stop));
  RemoveAll(folder).IgnoreError();
  if (result.ok()) return absl::OkStatus();
  return ImageBuildFailed("buildah does not work on this machine: " +
                          Truncate(Trim(result.err.empty() ? result.Describe() : result.err), 500));
}

absl::StatusOr<BuilderFacts> BuilderSetup::Probe(std::stop_token stop) const {
  const std::string runc = FirstOf({"/usr/sbin/runc", "/usr/bin/runc"});
  const std::string crun = FirstOf({"/usr/bin/crun"});
  absl::Status last;
  for (const char* driver : {"overlay", "vfs"}) {
    std::vector<BuilderFacts> candidates;
    if (!crun.empty()) candidates.push_back({driver, "oci", crun});
    if (!runc.empty()) candidates.push_back({driver, "oci", runc});
    candidates.push_back({driver, "chroot", ""});
    for (const BuilderFacts& candidate : candidates) {
      last = Try(candidate, stop);
      if (last.ok()) return candidate;
      if (stop.stop_requested()) return last;
    }
  }
  return last;
}

std::optional<BuilderFacts> BuilderSetup::Known() {
  const MutexLock lock(mu_);
  if (!known_) return std::nullopt;
  return facts_;
}

absl::StatusOr<BuilderFacts> BuilderSetup::Facts(std::stop_token stop) {
  const MutexLock lock(mu_);
  if (known_) return facts_;
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(data_));
  const std::string file = data_ + "/setup";
  const std::string key = MachineKey();
  const std::vector<std::string> lines = Split(ReadFile(file).value_or(""), '\n');
  if (lines.size() >= 4 && lines[0] == key) {
    facts_ = {lines[1], lines[2], lines[3]};
  } else {
    SLIPWAY_ASSIGN_OR_RETURN(facts_, Probe(stop));
    SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(
        file, key + "\n" + facts_.driver + "\n" + facts_.isolation + "\n" + facts_.runtime + "\n"));
  }
  log::Info(
      "image.setup", "images are built with the strongest isolation that works here",
      {{"driver", facts_.driver}, {"isolation", facts_.isolation}, {"runtime", facts_.runtime}});
  known_ = true;
  return facts_;
}

}  // namespace slipway::runner
