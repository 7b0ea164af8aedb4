#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace slipway::runner {

// Paths as a step sees them.
inline constexpr char kWorkspacePath[] = "/workspace";
inline constexpr char kPrivatePath[] = "/run/slipway";  // script and credentials of the step
inline constexpr char kHomePath[] = "/home/build";

// A file that exists in the step's sandbox only, mode 0600 (the script 0500), read-only, in memory.
struct PrivateFile {
  std::string name;  // below kPrivatePath; may contain '/'
  std::string content;
};

// One step to run. A value.
struct SandboxCommand {
  std::string script;
  std::map<std::string, std::string> env;  // all that the step sees
  std::string workspace;                   // folder of this machine that becomes kWorkspacePath
  std::string folder;  // below the workspace, where the step starts; "" or "." is its top
  std::vector<PrivateFile> files;
  std::vector<std::string> read_only;  // further folders of this machine, visible at their own path
  absl::Duration timeout = absl::InfiniteDuration();
};

// What bubblewrap can do on this machine.
struct SandboxFeatures {
  bool disable_userns = false;  // --disable-userns works
  std::string shell = "/bin/sh";
};

// A descriptor that bubblewrap copies into a file of the sandbox.
struct SandboxData {
  int fd;
  std::string path;
  int mode;
};

// The options for `bwrap --args FD`, which keeps the environment out of the argument list. Pure.
std::vector<std::string> SandboxOptions(const SandboxCommand& command,
                                        const SandboxFeatures& features,
                                        const std::vector<SandboxData>& data);

// /etc/passwd, /etc/group and /etc/nsswitch.conf of the sandbox: {path, content}.
std::vector<std::pair<std::string, std::string>> SandboxAccounts();

}  // namespace slipway::runner
