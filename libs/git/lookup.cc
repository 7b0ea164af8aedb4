#include "libs/git/lookup.h"

#include "libs/base/status.h"
#include "libs/git/errors.h"
#include "libs/git/names.h"

namespace slipway::git {

absl::StatusOr<git_oid> ParseSha(const std::string& sha) {
  git_oid id;
  if (!IsSha(sha) || git_oid_fromstr(&id, sha.c_str()) != 0) {
    return InvalidName("commit", sha, "is not a full commit id");
  }
  return id;
}

absl::StatusOr<CommitHandle> LookupCommit(git_repository* repo, const std::string& sha) {
  SLIPWAY_ASSIGN_OR_RETURN(const git_oid id, ParseSha(sha));
  git_commit* commit = nullptr;
  const int code = git_commit_lookup(&commit, repo, &id);
  if (code == GIT_ENOTFOUND || code == GIT_EINVALIDSPEC) return RevisionNotFound(sha);
  SLIPWAY_RETURN_IF_ERROR(Check(code, sha));
  return CommitHandle(commit);
}

absl::StatusOr<TreeHandle> TreeOf(const git_commit* commit) {
  git_tree* tree = nullptr;
  SLIPWAY_RETURN_IF_ERROR(
      Check(git_commit_tree(&tree, commit), "tree of " + ShaOf(git_commit_id(commit))));
  return TreeHandle(tree);
}

}  // namespace slipway::git
