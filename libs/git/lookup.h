#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "libs/git/handles.h"

// Lookups that several .cc files of libs/git share.
namespace slipway::git {

// INVALID_ARGUMENT unless 40 hex digits.
absl::StatusOr<git_oid> ParseSha(const std::string& sha);

// The commit with this full id; GIT_REVISION_NOT_FOUND if it is not here or no commit.
absl::StatusOr<CommitHandle> LookupCommit(git_repository* repo, const std::string& sha);

// The root tree of a commit that was looked up.
absl::StatusOr<TreeHandle> TreeOf(const git_commit* commit);

}  // namespace slipway::git
