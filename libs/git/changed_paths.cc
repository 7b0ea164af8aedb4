// Which paths a push changed.
#include <set>

#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/errors.h"
#include "libs/git/handles.h"
#include "libs/git/lookup.h"
#include "libs/git/names.h"
#include "libs/git/repository.h"

namespace slipway::git {
namespace {

// Beyond these the answer is "not complete", and callers take every path as changed.
constexpr size_t kMaxCommits = 10'000;
constexpr size_t kMaxPaths = 100'000;

using PathSet = std::set<std::string>;

// Both names of every difference. Without rename detection a rename is a removal and an addition:
// both names.
absl::StatusOr<PathSet> Difference(git_repository* repo, git_tree* from, git_tree* to) {
  git_diff_options options = GIT_DIFF_OPTIONS_INIT;
  options.flags |= GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_INCLUDE_TYPECHANGE;
  git_diff* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_diff_tree_to_tree(&raw, repo, from, to, &options), "diff"));
  const DiffHandle diff(raw);
  PathSet out;
  for (size_t i = 0; i < git_diff_num_deltas(raw); ++i) {
    const git_diff_delta* delta = git_diff_get_delta(raw, i);
    if (delta->old_file.path != nullptr) out.insert(delta->old_file.path);
    if (delta->new_file.path != nullptr) out.insert(delta->new_file.path);
  }
  return out;
}

// What a commit changed: against its parent; of a merge only what differs from every parent, since
// the rest is the change of another commit.
absl::StatusOr<PathSet> ChangesOf(git_repository* repo, const git_commit* commit) {
  SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle tree, TreeOf(commit));
  const unsigned parents = git_commit_parentcount(commit);
  if (parents == 0) return Difference(repo, nullptr, tree.get());
  PathSet common;
  for (unsigned i = 0; i < parents; ++i) {
    git_commit* raw = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_commit_parent(&raw, commit, i), "parent"));
    const CommitHandle parent(raw);
    SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle parent_tree, TreeOf(raw));
    SLIPWAY_ASSIGN_OR_RETURN(PathSet changed, Difference(repo, parent_tree.get(), tree.get()));
    if (i == 0) {
      common = std::move(changed);
    } else {
      std::erase_if(common, [&](const std::string& path) { return !changed.contains(path); });
    }
  }
  return common;
}

// Hides what was there before the push: `before`, or for a new ref all branches but itself.
absl::Status HideOld(const Repository& repository, git_revwalk* walk, const std::string& before,
                     bool is_new, const std::string& ref) {
  if (!is_new) {
    SLIPWAY_ASSIGN_OR_RETURN(const git_oid id, ParseSha(before));
    return Check(git_revwalk_hide(walk, &id), before);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<Ref> branches, repository.ListRefs("refs/heads/"));
  for (const Ref& branch : branches) {
    if (branch.name == ref) continue;
    SLIPWAY_ASSIGN_OR_RETURN(const git_oid id, ParseSha(branch.sha));
    SLIPWAY_RETURN_IF_ERROR(Check(git_revwalk_hide(walk, &id), branch.name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ChangedPaths> Repository::GetChangedPaths(const std::string& before,
                                                         const std::string& after,
                                                         const std::string& ref) const {
  git_repository* repo = handle_.get();
  SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle end, LookupCommit(repo, after));
  const bool is_new = before.empty() || IsZeroSha(before) || !HasCommit(before);

  git_revwalk* raw = nullptr;
  SLIPWAY_RETURN_IF_ERROR(Check(git_revwalk_new(&raw, repo), "history"));
  const RevwalkHandle walk(raw);
  SLIPWAY_RETURN_IF_ERROR(Check(git_revwalk_push(raw, git_commit_id(end.get())), after));
  SLIPWAY_RETURN_IF_ERROR(HideOld(*this, raw, before, is_new, ref));

  ChangedPaths out;
  PathSet paths;
  git_oid id;
  int code = 0;
  while ((code = git_revwalk_next(&id, raw)) == 0) {
    if (++out.commits > kMaxCommits || paths.size() > kMaxPaths) {
      out.complete = false;
      break;
    }
    git_commit* commit = nullptr;
    SLIPWAY_RETURN_IF_ERROR(Check(git_commit_lookup(&commit, repo, &id), ShaOf(&id)));
    SLIPWAY_ASSIGN_OR_RETURN(PathSet changed, ChangesOf(repo, CommitHandle(commit).get()));
    paths.merge(changed);
  }
  if (code != 0 && code != GIT_ITEROVER) SLIPWAY_RETURN_IF_ERROR(Check(code, "history"));

  if (!is_new) {
    SLIPWAY_ASSIGN_OR_RETURN(const CommitHandle start, LookupCommit(repo, before));
    SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle old_tree, TreeOf(start.get()));
    SLIPWAY_ASSIGN_OR_RETURN(const TreeHandle new_tree, TreeOf(end.get()));
    SLIPWAY_ASSIGN_OR_RETURN(PathSet changed, Difference(repo, old_tree.get(), new_tree.get()));
    paths.merge(changed);
  }
  for (const std::string& path : paths) out.paths.push_back(ToValidUtf8(path));
  return out;
}

}  // namespace slipway::git
