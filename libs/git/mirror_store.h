#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/git/cli.h"
#include "libs/git/mirror.h"

namespace slipway::git {

// What a Prune has done.
struct MirrorsPruned {
  int removed = 0;
  int64_t removed_bytes = 0;
  int64_t kept_bytes = 0;
};

// What a RemoveOthers has done.
struct MirrorsRemoved {
  int removed = 0;
  int in_use = 0;  // stay until a later call
};

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

  // Removes the mirrors that nobody has got since `unused_since` (also in earlier processes), then
  // those unused the longest until all together take at most `max_bytes` of disk. One that somebody
  // still holds, or that another process fetches, stays. They are cloned again when they are asked
  // for.
  MirrorsPruned Prune(absl::Time unused_since, int64_t max_bytes, const std::stop_token& stop);

  // Removes all mirrors but those of `keep`, whatever their passwords, also those of earlier
  // processes. One that is in use stays. One that is asked for again is cloned again.
  MirrorsRemoved RemoveOthers(const std::vector<GitRemote>& keep, const std::stop_token& stop);

 private:
  // Takes the folder away from everybody; false if it is in use. The caller deletes what is at
  // `away` then.
  bool Withdraw(const std::string& folder, const std::string& away);
  std::string FolderOf(const GitRemote& remote) const;

  const GitCli& cli_;
  const std::string root_;
  Mutex mu_;
  std::map<std::string, std::shared_ptr<Mirror>> mirrors_ SLIPWAY_GUARDED_BY(mu_);  // by folder
};

}  // namespace slipway::git
