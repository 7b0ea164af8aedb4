#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/file.h"
#include "libs/git/remote.h"
#include "libs/http/outgoing_guard.h"
#include "libs/process/process_spec.h"

namespace slipway::git {

// The git program, for the network: it is killable and has deadlines, which libgit2 has not. Runs
// without system and user configuration, hooks, prompts, redirects, or other transports than HTTP.
// Credentials reach git in a header that goes to the host of the remote alone. One per process,
// owned by its composition root. Thread-safe.
class GitCli {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(60);  // of one network command
    std::stop_token stop;                        // ends running commands at shutdown
    bool allow_file = false;                     // tests only: file:// URLs
    // Asked before each network command, and its answer pinned, so that a second look-up of the
    // name leads nowhere else. Null: every address. Must outlive the object.
    const http::OutgoingGuard* guard = nullptr;
  };

  // Makes git's home, an empty private folder; it goes with the object.
  static absl::StatusOr<std::unique_ptr<GitCli>> Create(Options options);

  // Fetches checked refspecs into the repository at `git_dir`, pruning what the remote no longer
  // has. `lock_fd` >= 0 is passed on to git, so that a lock on it lasts as long as git does.
  absl::Status Fetch(const GitRemote& remote, const std::string& git_dir,
                     const std::vector<std::string>& refspecs, int lock_fd = -1) const;

  // Pushes commit `sha` of the repository at `git_dir` to `ref` ("refs/heads/main"), forward only.
  // ABORTED (GIT_PUSH_REJECTED) when the ref has moved meanwhile.
  absl::Status Push(const GitRemote& remote, const std::string& git_dir, const std::string& sha,
                    const std::string& ref) const;

  // Deletes a branch of the remote ("refs/heads/x"), whatever it points to.
  absl::Status DeleteBranch(const GitRemote& remote, const std::string& git_dir,
                            const std::string& ref) const;

  // A command without network in `git_dir`; GIT_FAILED with git's message when it fails.
  absl::StatusOr<std::string> RunLocal(const std::string& git_dir,
                                       const std::vector<std::string>& arguments) const;

  struct RemoteRef {
    std::string name;
    std::string sha;
  };
  struct RemoteRefs {
    std::vector<RemoteRef> refs;  // branches and tags
    std::string default_branch;   // "refs/heads/main"; empty when the server does not say
  };
  // What the remote has now; also the cheapest test of URL and credentials.
  absl::StatusOr<RemoteRefs> ListRemote(const GitRemote& remote) const;

  // A work tree of `commit` in the new folder `directory`, sharing the objects of the repository at
  // `git_dir`, which must outlive it. No submodules, no hooks.
  absl::Status Checkout(const std::string& git_dir, const std::string& commit,
                        const std::string& directory) const;

 private:
  GitCli(Options options, TempDir home) : options_(std::move(options)), home_(std::move(home)) {}
  process::ProcessSpec Spec(const std::string& git_dir,
                            const std::vector<std::string>& arguments) const;
  // The options that keep git on the addresses that the guard has seen.
  absl::StatusOr<std::vector<std::string>> PinnedAddresses(const std::string& url) const;
  // Runs a command that talks to `remote`, whose URL is checked first.
  absl::StatusOr<process::ProcessResult> RunRemote(const GitRemote& remote,
                                                   const std::string& git_dir,
                                                   const std::vector<std::string>& arguments,
                                                   int lock_fd = -1) const;

  const Options options_;
  const TempDir home_;
};

}  // namespace slipway::git
