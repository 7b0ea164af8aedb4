#include "deploy/local/githost/git_objects.h"

#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

void InitLibrary() {
  static const bool once = [] {
    git_libgit2_init();
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
    return true;
  }();
  static_cast<void>(once);
}

int Collect(const git_diff_delta* delta, float /*progress*/, void* payload) {
  auto& files = *static_cast<ChangedFiles*>(payload);
  switch (delta->status) {
    case GIT_DELTA_ADDED:
      files.added.push_back(ToValidUtf8(delta->new_file.path));
      break;
    case GIT_DELTA_DELETED:
      files.removed.push_back(ToValidUtf8(delta->old_file.path));
      break;
    default:
      files.modified.push_back(ToValidUtf8(delta->new_file.path));
      break;
  }
  return 0;
}

}  // namespace

absl::Status GitStatus(int code, const std::string& what) {
  if (code >= 0) return absl::OkStatus();
  const git_error* error = git_error_last();
  const std::string text =
      what + ": " + (error == nullptr ? "libgit2 code " + std::to_string(code) : error->message);
  return code == GIT_ENOTFOUND ? absl::NotFoundError(text) : absl::InternalError(text);
}

absl::StatusOr<GitRepository> OpenRepository(const std::string& git_dir) {
  InitLibrary();
  git_repository* handle = nullptr;
  const int code = git_repository_open_ext(
      &handle, git_dir.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH | GIT_REPOSITORY_OPEN_BARE, nullptr);
  SLIPWAY_RETURN_IF_ERROR(GitStatus(code, git_dir));
  return GitRepository(handle);
}

absl::StatusOr<GitCommit> CommitBehind(git_repository* repository, const std::string& object) {
  git_oid id;
  SLIPWAY_RETURN_IF_ERROR(GitStatus(git_oid_fromstr(&id, object.c_str()), object));
  git_object* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(
      GitStatus(git_object_lookup(&raw, repository, &id, GIT_OBJECT_ANY), object));
  const GitObject found(raw);
  git_object* commit = nullptr;
  SLIPWAY_RETURN_IF_ERROR(
      GitStatus(git_object_peel(&commit, found.get(), GIT_OBJECT_COMMIT), object));
  return GitCommit(reinterpret_cast<git_commit*>(commit));
}

std::string IdText(const git_oid* id) {
  char text[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(text, sizeof(text), id);
}

absl::StatusOr<ChangedFiles> FilesOf(git_repository* repository, const git_commit* commit) {
  git_tree* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(GitStatus(git_commit_tree(&raw, commit), "tree"));
  const GitTree tree(raw);
  GitTree parent_tree;
  if (git_commit_parentcount(commit) > 0) {
    git_commit* parent = nullptr;
    SLIPWAY_RETURN_IF_ERROR(GitStatus(git_commit_parent(&parent, commit, 0), "parent"));
    const GitCommit owned(parent);
    SLIPWAY_RETURN_IF_ERROR(GitStatus(git_commit_tree(&raw, parent), "parent's tree"));
    parent_tree.reset(raw);
  }
  git_diff* diff_raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(GitStatus(
      git_diff_tree_to_tree(&diff_raw, repository, parent_tree.get(), tree.get(), nullptr),
      "diff"));
  const GitDiff diff(diff_raw);
  ChangedFiles files;
  SLIPWAY_RETURN_IF_ERROR(
      GitStatus(git_diff_foreach(diff.get(), Collect, nullptr, nullptr, nullptr, &files), "diff"));
  return files;
}

}  // namespace slipway::githost
