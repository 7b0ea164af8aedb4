#include "services/runner/sandbox/sandbox_command.h"

#include <filesystem>

namespace slipway::runner {
namespace {

// What compilers, interpreters and curl read below /etc; no folder with private keys.
constexpr const char* kReadOnlyIfThere[] = {
    "/etc/alternatives",   "/etc/ca-certificates", "/etc/ca-certificates.conf",
    "/etc/ssl/certs",      "/etc/ssl/openssl.cnf", "/etc/resolv.conf",
    "/etc/hosts",          "/etc/host.conf",       "/etc/gai.conf",
    "/etc/services",       "/etc/protocols",       "/etc/ld.so.cache",
    "/etc/ld.so.conf",     "/etc/ld.so.conf.d",    "/etc/localtime",
    "/etc/timezone",       "/etc/mime.types",      "/etc/perl",
    "/etc/python3",        "/etc/python3.11",      "/etc/java-17-openjdk",
    "/etc/debian_version", "/etc/os-release"};

void Append(std::vector<std::string>& out, std::initializer_list<std::string> more) {
  out.insert(out.end(), more);
}

}  // namespace

std::vector<std::string> SandboxOptions(const SandboxCommand& command,
                                        const SandboxFeatures& features,
                                        const std::vector<SandboxData>& data) {
  std::vector<std::string> options = {"--unshare-user", "--unshare-pid",    "--unshare-ipc",
                                      "--unshare-uts",  "--unshare-cgroup", "--die-with-parent",
                                      "--new-session"};
  if (features.disable_userns) options.push_back("--disable-userns");
  // An ordinary user: with uid 0 tools such as tar try what only root may.
  Append(options, {"--uid", "1000", "--gid", "1000", "--hostname", "runner", "--cap-drop", "ALL"});
  Append(options,
         {"--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin",
          "/sbin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"});
  Append(options, {"--perms", "0755", "--dir", "/etc"});
  for (const char* path : kReadOnlyIfThere) Append(options, {"--ro-bind-try", path, path});
  Append(options,
         {"--proc",  "/proc", "--dev", "/dev",  "--perms", "1777", "--tmpfs", "/tmp",
          "--perms", "0755",  "--dir", "/home", "--perms", "0700", "--dir",   kHomePath,
          "--perms", "0755",  "--dir", "/run",  "--perms", "0700", "--dir",   kPrivatePath});
  for (const std::string& path : command.read_only) Append(options, {"--ro-bind", path, path});
  for (const SandboxData& file : data) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(file.mode));
    Append(options, {"--perms", mode, "--ro-bind-data", std::to_string(file.fd), file.path});
  }
  Append(options, {"--bind", command.workspace, kWorkspacePath});
  const std::string start =
      (std::filesystem::path(kWorkspacePath) / command.folder).lexically_normal().string();
  Append(options, {"--chdir", start, "--clearenv"});
  for (const auto& [name, value] : command.env) Append(options, {"--setenv", name, value});
  return options;
}

std::vector<std::pair<std::string, std::string>> SandboxAccounts() {
  return {
      {"/etc/passwd",
       "root:x:0:0:root:/root:/usr/sbin/nologin\nbuild:x:1000:1000:build:/home/build:/bin/sh\n"
       "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
      {"/etc/group", "root:x:0:\nbuild:x:1000:\nnogroup:x:65534:\n"},
      {"/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n"}};
}

}  // namespace slipway::runner
