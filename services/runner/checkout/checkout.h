#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/git/cli.h"
#include "libs/git/mirror_store.h"

namespace slipway::runner {

// One repository in a job's workspace.
struct CheckedOut {
  std::string folder;   // where its files are
  std::string objects;  // the mirror's, which the checkout shares: a step needs them to run git
  // Held as long as the checkout is used, since a mirror that nobody holds may be pruned.
  std::shared_ptr<git::Mirror> mirror;
};

// Makes `relative` ("." or "a/b") below `root`, one folder at a time, never through a symbolic
// link. INVALID_ARGUMENT PATH_OUTSIDE_CHECKOUT for a path that leaves the root or goes through a
// link. Returns the folder's path.
absl::StatusOr<std::string> MakeFolderBeneath(const std::string& root, const std::string& relative);

// Puts commits of repositories into workspaces, from mirrors that are fetched only for what they
// lack. Owned by App; thread-safe. `cli` and `mirrors` must outlive it.
class Checkout {
 public:
  Checkout(const git::GitCli& cli, git::MirrorStore& mirrors) : cli_(cli), mirrors_(mirrors) {}

  // Checks `commit` out at `path` below `workspace`, detached, without submodules and hooks.
  absl::StatusOr<CheckedOut> Run(const git::GitRemote& remote, const std::string& commit,
                                 const std::string& workspace, const std::string& path) const;

 private:
  const git::GitCli& cli_;
  git::MirrorStore& mirrors_;
};

}  // namespace slipway::runner
