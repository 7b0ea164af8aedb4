#include "libs/git/cli.h"

#include <sys/stat.h>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/cli_errors.h"
#include "libs/git/errors.h"
#include "libs/git/names.h"
#include "libs/process/run.h"

namespace slipway::git {
namespace {

// For every command. Nothing that a repository or a user's configuration says gets to run a
// program.
const std::vector<std::string> kConfig = {
    "protocol.version=2", "credential.helper=", "core.hooksPath=/dev/null", "core.fsmonitor=false",
    "http.followRedirects=false", "http.lowSpeedLimit=1", "http.lowSpeedTime=30", "gc.auto=0",
    "maintenance.auto=false", "advice.detachedHead=false", "transfer.credentialsInUrl=die",
    "submodule.recurse=false",
    // What is fetched stays a pack and is on disk before a ref points to it: libgit2 1.5 reads a
    // loose object that a power cut has truncated for ever.
    "fetch.unpackLimit=1", "core.fsync=committed"};

// Scheme and host, with its port: "https://git.example:8443/".
std::string OriginOf(const std::string& url) {
  const size_t at = url.find("://");
  return url.substr(0, url.find('/', at + 3)) + "/";
}

// The credential goes along with the first request already, since an answer 401 costs a round and
// two processes; to this origin alone. It is in git's environment, not among its arguments.
// https://git-scm.com/docs/git-config: GIT_CONFIG_COUNT, http.<url>.extraHeader.
void SetCredential(const GitRemote& remote, process::ProcessSpec& spec) {
  if (remote.username.empty() && remote.password.empty()) return;
  // Forges take a token as password of any user name.
  const std::string username = remote.username.empty() ? "token" : remote.username;
  spec.env["GIT_CONFIG_COUNT"] = "1";
  spec.env["GIT_CONFIG_KEY_0"] = Join({"http.", OriginOf(remote.url), ".extraHeader"}, "");
  spec.env["GIT_CONFIG_VALUE_0"] =
      Join({"Authorization: Basic ", Base64Encode(Join({username, remote.password}, ":"))}, "");
}

// git takes certificates as files only; `folder` is private and goes after the command.
absl::Status SetTls(const http::TlsOptions& tls, const std::string& folder,
                    process::ProcessSpec& spec) {
  const auto put = [&](const char* variable, const char* file,
                       const std::string& pem) -> absl::Status {
    if (pem.empty()) return absl::OkStatus();
    spec.env[variable] = folder + "/" + file;
    return WriteFileAtomic(spec.env[variable], pem, 0600);
  };
  SLIPWAY_RETURN_IF_ERROR(put("GIT_SSL_CAINFO", "ca.pem", tls.ca));
  if (!tls.ca.empty()) {
    // Otherwise the folder of the machine's authorities would be trusted beside that file.
    spec.env["GIT_SSL_CAPATH"] = folder + "/none";
    SLIPWAY_RETURN_IF_ERROR(MakeDirectories(spec.env["GIT_SSL_CAPATH"]));
  }
  SLIPWAY_RETURN_IF_ERROR(put("GIT_SSL_CERT", "certificate.pem", tls.certificate));
  SLIPWAY_RETURN_IF_ERROR(put("GIT_SSL_KEY", "key.pem", tls.key));
  if (tls.skip_verify) spec.env["GIT_SSL_NO_VERIFY"] = "1";
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<GitCli>> GitCli::Create(Options options) {
  SLIPWAY_ASSIGN_OR_RETURN(TempDir home, TempDir::Create("slipway-git-"));
  return std::unique_ptr<GitCli>(new GitCli(std::move(options), std::move(home)));
}

process::ProcessSpec GitCli::Spec(const std::string& git_dir,
                                  const std::vector<std::string>& arguments) const {
  process::ProcessSpec spec;
  spec.argv = {"git"};
  for (const std::string& item : kConfig) {
    spec.argv.push_back("-c");
    spec.argv.push_back(item);
  }
  if (!git_dir.empty()) spec.argv.push_back("--git-dir=" + git_dir);
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.inherit = {"PATH"};
  spec.env = {{"HOME", home_.path()},
              {"LC_ALL", "C"},
              {"GIT_CONFIG_NOSYSTEM", "1"},
              {"GIT_CONFIG_GLOBAL", "/dev/null"},
              {"GIT_TERMINAL_PROMPT", "0"},
              {"GIT_ALLOW_PROTOCOL", options_.allow_file ? "http:https:file" : "http:https"}};
  spec.timeout = options_.timeout;
  return spec;
}

absl::StatusOr<process::ProcessResult> GitCli::RunRemote(const GitRemote& remote,
                                                         const std::string& git_dir,
                                                         const std::vector<std::string>& arguments,
                                                         int lock_fd) const {
  SLIPWAY_RETURN_IF_ERROR(ValidateUrl(remote.url, options_.allow_file));
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<std::string> options, PinnedAddresses(remote.url));
  options.insert(options.end(), arguments.begin(), arguments.end());
  process::ProcessSpec spec = Spec(git_dir, options);
  SetCredential(remote, spec);
  if (lock_fd >= 0) spec.fds = {{3, lock_fd}};
  if (remote.tls.empty()) return process::Run(spec, options_.stop);
  SLIPWAY_ASSIGN_OR_RETURN(const TempDir certificates, TempDir::Create("slipway-git-tls-"));
  SLIPWAY_RETURN_IF_ERROR(SetTls(remote.tls, certificates.path(), spec));
  return process::Run(spec, options_.stop);
}

absl::StatusOr<std::vector<std::string>> GitCli::PinnedAddresses(const std::string& url) const {
  if (options_.guard == nullptr || !url.starts_with("http")) return std::vector<std::string>();
  SLIPWAY_ASSIGN_OR_RETURN(const http::OutgoingGuard::Resolved resolved,
                           options_.guard->Resolve(url));
  // An address as host needs no look-up.
  const bool is_address =
      resolved.addresses.size() == 1 && resolved.addresses[0] == resolved.url.host;
  if (resolved.addresses.empty() || is_address) return std::vector<std::string>();
  return std::vector<std::string>{"-c", "http.curloptResolve=" + resolved.url.host + ":" +
                                            std::to_string(resolved.url.port) + ":" +
                                            Join(resolved.addresses, ",")};
}

absl::Status GitCli::Fetch(const GitRemote& remote, const std::string& git_dir,
                           const std::vector<std::string>& refspecs, int lock_fd) const {
  std::vector<std::string> arguments = {"fetch",
                                        "--quiet",
                                        "--prune",
                                        "--no-tags",
                                        "--no-write-fetch-head",
                                        "--force",
                                        "--no-recurse-submodules",
                                        "--end-of-options",
                                        remote.url};
  for (const std::string& refspec : refspecs) {
    SLIPWAY_RETURN_IF_ERROR(ValidateRefspec(refspec));
    arguments.push_back(refspec);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const process::ProcessResult result,
                           RunRemote(remote, git_dir, arguments, lock_fd));
  return RemoteStatus(remote.url, result);
}

absl::Status GitCli::Push(const GitRemote& remote, const std::string& git_dir,
                          const std::string& sha, const std::string& ref) const {
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(ref));
  if (!IsSha(sha)) return InvalidName("commit", sha, "is not a full commit id");
  if (!ref.starts_with("refs/heads/"))
    return InvalidName("ref", ref, "is not a branch: refs/heads/...");
  SLIPWAY_ASSIGN_OR_RETURN(
      const process::ProcessResult result,
      RunRemote(remote, git_dir,
                {"push", "--porcelain", "--no-verify", "--recurse-submodules=no",
                 "--end-of-options", remote.url, sha + ":" + ref}));
  return PushStatus(remote.url, ref, result);
}

absl::Status GitCli::DeleteBranch(const GitRemote& remote, const std::string& git_dir,
                                  const std::string& ref) const {
  SLIPWAY_RETURN_IF_ERROR(ValidateRefName(ref));
  if (!ref.starts_with("refs/heads/"))
    return InvalidName("ref", ref, "is not a branch: refs/heads/...");
  SLIPWAY_ASSIGN_OR_RETURN(
      const process::ProcessResult result,
      RunRemote(remote, git_dir,
                {"push", "--porcelain", "--no-verify", "--end-of-options", remote.url, ":" + ref}));
  return PushStatus(remote.url, ref, result);
}

absl::StatusOr<std::string> GitCli::RunLocal(const std::string& git_dir,
                                             const std::vector<std::string>& arguments) const {
  SLIPWAY_ASSIGN_OR_RETURN(process::ProcessResult result,
                           process::Run(Spec(git_dir, arguments), options_.stop));
  if (result.ok()) return std::move(result.out);
  const std::string detail = result.err.empty() ? result.Describe() : result.err;
  return CommandFailed("git " + arguments.front(), detail);
}

absl::StatusOr<GitCli::RemoteRefs> GitCli::ListRemote(const GitRemote& remote) const {
  SLIPWAY_ASSIGN_OR_RETURN(
      const process::ProcessResult result,
      RunRemote(remote, "", {"ls-remote", "--symref", "--end-of-options", remote.url}));
  SLIPWAY_RETURN_IF_ERROR(RemoteStatus(remote.url, result));
  RemoteRefs out;
  for (const std::string& line : Split(result.out, '\n')) {
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    const std::string left = line.substr(0, tab);
    const std::string name = line.substr(tab + 1);
    if (left.starts_with("ref: ")) {
      if (name == "HEAD") out.default_branch = left.substr(5);
    } else if ((name.starts_with("refs/heads/") || name.starts_with("refs/tags/")) &&
               !name.ends_with("^{}")) {
      out.refs.push_back({name, left});
    }
  }
  return out;
}

absl::Status GitCli::Checkout(const std::string& git_dir, const std::string& commit,
                              const std::string& directory) const {
  if (!IsSha(commit)) return InvalidName("commit", commit, "is not a full commit id");
  SLIPWAY_RETURN_IF_ERROR(
      RunLocal("", {"init", "--quiet", "--template=", "--end-of-options", directory}).status());
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(directory + "/.git/objects/info"));
  SLIPWAY_RETURN_IF_ERROR(
      WriteFileAtomic(directory + "/.git/objects/info/alternates", git_dir + "/objects\n"));
  return RunLocal(directory + "/.git",
                  {"--work-tree=" + directory, "checkout", "--quiet", "--detach", commit})
      .status();
}

}  // namespace slipway::git
