#include "libs/git/mirror_store.h"

#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"

namespace slipway::git {

std::string MirrorStore::FolderOf(const GitRemote& remote) const {
  return root_ + "/" + Sha256Hex(remote.url + "\n" + remote.username).substr(0, 32) + ".git";
}

absl::StatusOr<std::shared_ptr<Mirror>> MirrorStore::Get(const GitRemote& remote) {
  const std::string folder = FolderOf(remote);
  const MutexLock lock(mu_);
  std::shared_ptr<Mirror>& mirror = mirrors_[folder];
  if (mirror == nullptr) {
    absl::StatusOr<std::unique_ptr<Mirror>> opened = Mirror::Open(cli_, folder, remote);
    if (!opened.ok()) {
      mirrors_.erase(folder);
      return opened.status();
    }
    mirror = *std::move(opened);
  } else {
    mirror->SetRemote(remote);
  }
  return mirror;
}

absl::Status MirrorStore::Remove(const GitRemote& remote) {
  const std::string folder = FolderOf(remote);
  const MutexLock lock(mu_);
  mirrors_.erase(folder);
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(folder));
  return RemoveAll(folder + ".lock");
}

}  // namespace slipway::git
