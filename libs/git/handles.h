#pragma once

#include <git2.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// libgit2's C handles as owners, and its return codes as statuses. For the .cc files of libs/git
// only.
namespace slipway::git {

template <typename T, void (*Free)(T*)>
struct HandleDeleter {
  void operator()(T* handle) const { Free(handle); }
};

using RepositoryHandle =
    std::unique_ptr<git_repository, HandleDeleter<git_repository, git_repository_free>>;
using CommitHandle = std::unique_ptr<git_commit, HandleDeleter<git_commit, git_commit_free>>;
using TreeHandle = std::unique_ptr<git_tree, HandleDeleter<git_tree, git_tree_free>>;
using TreeEntryHandle =
    std::unique_ptr<git_tree_entry, HandleDeleter<git_tree_entry, git_tree_entry_free>>;
using BlobHandle = std::unique_ptr<git_blob, HandleDeleter<git_blob, git_blob_free>>;
using ObjectHandle = std::unique_ptr<git_object, HandleDeleter<git_object, git_object_free>>;
using ReferenceHandle =
    std::unique_ptr<git_reference, HandleDeleter<git_reference, git_reference_free>>;
using ReferenceIteratorHandle =
    std::unique_ptr<git_reference_iterator,
                    HandleDeleter<git_reference_iterator, git_reference_iterator_free>>;
using RevwalkHandle = std::unique_ptr<git_revwalk, HandleDeleter<git_revwalk, git_revwalk_free>>;
using DiffHandle = std::unique_ptr<git_diff, HandleDeleter<git_diff, git_diff_free>>;
using SignatureHandle =
    std::unique_ptr<git_signature, HandleDeleter<git_signature, git_signature_free>>;
using TreeBuilderHandle =
    std::unique_ptr<git_treebuilder, HandleDeleter<git_treebuilder, git_treebuilder_free>>;

// Starts libgit2 on the first call, without any configuration of system or user. Thread-safe.
void InitLibrary();

// OK for `code` >= 0. An object that is missing or can't be read is MirrorDamaged; "does not exist"
// for what a caller asked for is to be told apart before, by GIT_ENOTFOUND. Call at once after the
// failure, on the same thread.
absl::Status Check(int code, std::string_view what);

std::string ShaOf(const git_oid* id);

}  // namespace slipway::git
