#include "libs/git/mirror_files.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <system_error>
#include <vector>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/git/handles.h"

namespace slipway::git {
namespace fs = std::filesystem;

namespace {

bool IsRepository(const std::string& git_dir) {
  git_repository* handle = nullptr;
  const int code = git_repository_open_bare(&handle, git_dir.c_str());
  const RepositoryHandle owned(handle);
  return code == 0;
}

void RemoveWhere(const fs::path& folder, const std::function<bool(const fs::path&)>& unwanted) {
  std::error_code error;
  std::vector<fs::path> found;
  for (auto item = fs::recursive_directory_iterator(folder, error);
       !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
    if (item->is_regular_file(error) && unwanted(item->path())) found.push_back(item->path());
  }
  for (const fs::path& path : found) fs::remove(path, error);
}

}  // namespace

absl::Status InitBare(const std::string& git_dir) {
  InitLibrary();
  if (IsRepository(git_dir)) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(git_dir));
  SLIPWAY_RETURN_IF_ERROR(MakeDirectories(git_dir));
  git_repository* handle = nullptr;
  const int code = git_repository_init(&handle, git_dir.c_str(), /*is_bare=*/1);
  const RepositoryHandle owned(handle);
  return Check(code, git_dir);
}

void SweepTemporaryFiles(const std::string& git_dir) {
  RemoveWhere(git_dir + "/objects", [](const fs::path& path) {
    const std::string name = path.filename().string();
    return name.starts_with("tmp_") || name.starts_with(".tmp-");
  });
}

size_t CountPacks(const std::string& git_dir) {
  size_t count = 0;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(git_dir + "/objects/pack", error)) {
    if (item.path().extension() == ".pack") ++count;
  }
  return count;
}

void SweepLockFiles(const std::string& git_dir) {
  const auto is_lock = [](const fs::path& path) { return path.extension() == ".lock"; };
  RemoveWhere(git_dir + "/refs", is_lock);
  for (const char* name : {"HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock"}) {
    std::error_code error;
    fs::remove(fs::path(git_dir) / name, error);
  }
}

absl::Status ReplaceRepository(const std::string& git_dir, const std::string& fresh) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, git_dir.c_str(), RENAME_EXCHANGE) != 0) {
    if (errno != ENOENT) return ErrnoStatus(errno, git_dir);
    if (::rename(fresh.c_str(), git_dir.c_str()) != 0) return ErrnoStatus(errno, git_dir);
    return absl::OkStatus();
  }
  return RemoveAll(fresh);
}

}  // namespace slipway::git
