#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/git/cli.h"
#include "libs/git/mirror.h"

namespace slipway::git {

// All mirrors of a process, one folder per URL and user below `root`. Two accounts never share a
// mirror, so neither reads what only the other may see. Owned by the composition root. Thread-safe.
class MirrorStore {
 public:
  // `cli` must outlive it.
  MirrorStore(const GitCli& cli, std::string root) : cli_(cli), root_(std::move(root)) {}

  // The mirror of `remote`, made on first use and empty until it is fetched. The password given
  // last counts.
  absl::StatusOr<std::shared_ptr<Mirror>> Get(const GitRemote& remote);

  // Deletes the mirror's folder. Nobody may be using it.
  absl::Status Remove(const GitRemote& remote);

 private:
  std::string FolderOf(const GitRemote& remote) const;

  const GitCli& cli_;
  const std::string root_;
  Mutex mu_;
  std::map<std::string, std::shared_ptr<Mirror>> mirrors_ SLIPWAY_GUARDED_BY(mu_);  // by folder
};

}  // namespace slipway::git
