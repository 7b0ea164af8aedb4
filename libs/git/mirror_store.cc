#include "libs/git/mirror_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

#include "libs/base/disk_use.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/unique_fd.h"

namespace slipway::git {
namespace {

constexpr char kAway[] = ".removed";
constexpr char kFresh[] = ".fresh";  // a clone that was under way, see Mirror::CloneAnew

struct Found {
  std::string folder;
  absl::Time used;
  int64_t bytes = 0;
};

// The folders of the mirrors below `root`. What an earlier removal left is removed.
std::vector<std::string> MirrorFolders(const std::string& root) {
  std::vector<std::string> paths, folders;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error))
    paths.push_back(entry.path().string());
  for (const std::string& path : paths) {
    const bool orphan =
        path.ends_with(kFresh) && !PathExists(path.substr(0, path.size() - strlen(kFresh)));
    if (orphan || path.ends_with(kAway)) RemoveAll(path).IgnoreError();
    if (path.ends_with(".git")) folders.push_back(path);
  }
  return folders;
}

// The mirrors below `root`, the one unused the longest first.
std::vector<Found> FindMirrors(const std::string& root, const std::stop_token& stop) {
  std::vector<Found> found;
  for (const std::string& folder : MirrorFolders(root)) {
    struct stat info;
    if (::stat(folder.c_str(), &info) != 0) continue;
    found.push_back({folder, absl::TimeFromTimespec(info.st_mtim), DiskUse(folder, stop)});
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return a.used < b.used; });
  return found;
}

}  // namespace

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
  // The folder's time is that of the last use, for Prune.
  ::utimensat(AT_FDCWD, folder.c_str(), nullptr, 0);
  return mirror;
}

absl::Status MirrorStore::Remove(const GitRemote& remote) {
  const std::string folder = FolderOf(remote);
  const MutexLock lock(mu_);
  mirrors_.erase(folder);
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(folder));
  return RemoveAll(folder + ".lock");
}

MirrorsRemoved MirrorStore::RemoveOthers(const std::vector<GitRemote>& keep,
                                         const std::stop_token& stop) {
  MirrorsRemoved out;
  std::set<std::string> kept;
  for (const GitRemote& remote : keep) kept.insert(FolderOf(remote));
  for (const std::string& folder : MirrorFolders(root_)) {
    if (stop.stop_requested()) break;
    if (kept.contains(folder)) continue;
    const std::string away = folder + kAway;
    if (!Withdraw(folder, away)) {
      ++out.in_use;
      continue;
    }
    // What can't be deleted now is tried again by the next call.
    RemoveAll(away).IgnoreError();
    ++out.removed;
  }
  return out;
}

bool MirrorStore::Withdraw(const std::string& folder, const std::string& away) {
  const MutexLock lock(mu_);
  // New holders come through Get alone, which waits here.
  const auto known = mirrors_.find(folder);
  if (known != mirrors_.end() && known->second.use_count() > 1) return false;
  const std::string lock_path = folder + ".lock";
  const UniqueFd file(::open(lock_path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
  if (std::rename(folder.c_str(), away.c_str()) != 0) return false;
  ::unlink(lock_path.c_str());
  if (known != mirrors_.end()) mirrors_.erase(known);
  return true;
}

MirrorsPruned MirrorStore::Prune(absl::Time unused_since, int64_t max_bytes,
                                 const std::stop_token& stop) {
  MirrorsPruned out;
  const std::vector<Found> mirrors = FindMirrors(root_, stop);
  for (const Found& mirror : mirrors) out.kept_bytes += mirror.bytes;
  for (const Found& mirror : mirrors) {
    if (stop.stop_requested()) break;
    if (mirror.used >= unused_since && out.kept_bytes <= max_bytes) break;
    const std::string away = mirror.folder + kAway;
    if (!Withdraw(mirror.folder, away)) continue;
    // What can't be deleted now is tried again by the next call.
    RemoveAll(away).IgnoreError();
    ++out.removed;
    out.removed_bytes += mirror.bytes;
    out.kept_bytes -= mirror.bytes;
  }
  return out;
}

}  // namespace slipway::git
