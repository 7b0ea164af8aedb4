#pragma once

#include <git2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// What the git host's sender reads of a repository, through libgit2. For .cc files of this folder
// only.
namespace slipway::githost {

template <typename T, void (*Free)(T*)>
struct GitDeleter {
  void operator()(T* handle) const { Free(handle); }
};
using GitRepository =
    std::unique_ptr<git_repository, GitDeleter<git_repository, git_repository_free>>;
using GitCommit = std::unique_ptr<git_commit, GitDeleter<git_commit, git_commit_free>>;
using GitTree = std::unique_ptr<git_tree, GitDeleter<git_tree, git_tree_free>>;
using GitDiff = std::unique_ptr<git_diff, GitDeleter<git_diff, git_diff_free>>;
using GitObject = std::unique_ptr<git_object, GitDeleter<git_object, git_object_free>>;
using GitReference = std::unique_ptr<git_reference, GitDeleter<git_reference, git_reference_free>>;
using GitRefIterator =
    std::unique_ptr<git_reference_iterator,
                    GitDeleter<git_reference_iterator, git_reference_iterator_free>>;
using GitRevwalk = std::unique_ptr<git_revwalk, GitDeleter<git_revwalk, git_revwalk_free>>;

// OK for `code` >= 0, else NOT_FOUND or INTERNAL with libgit2's text. Call at once, on the same
// thread.
absl::Status GitStatus(int code, const std::string& what);

// Opens a bare repository; it may belong to another user.
absl::StatusOr<GitRepository> OpenRepository(const std::string& git_dir);

// The commit behind an object id: itself, or what an annotated tag points to.
absl::StatusOr<GitCommit> CommitBehind(git_repository* repository, const std::string& object);

std::string IdText(const git_oid* id);

// The files that a commit changed against its first parent; a rename is one removed and one added.
struct ChangedFiles {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> modified;
};
absl::StatusOr<ChangedFiles> FilesOf(git_repository* repository, const git_commit* commit);

}  // namespace slipway::githost
