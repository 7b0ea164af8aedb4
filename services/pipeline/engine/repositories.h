#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/db/db.h"
#include "libs/git/cli.h"
#include "libs/git/mirror_store.h"
#include "libs/plan/compile.h"
#include "services/pipeline/engine/caller.h"
#include "services/pipeline/engine/secrets.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {

// The mirrors of the apps' repositories: commits, refs, changed paths. Owned by App; thread-safe.
// Everything here may wait for a git server, so nothing here runs within a transaction.
class Repositories {
 public:
  struct Parts {
    db::Pool& pool;
    const git::GitCli& cli;
    git::MirrorStore& mirrors;
    const Secrets& secrets;
  };
  explicit Repositories(Parts parts) : parts_(std::move(parts)) {}

  // Commits of an app's repository after a fetch, the newest first.
  absl::StatusOr<v1::ListCommitsResponse> ListCommits(const Caller& caller,
                                                      const v1::ListCommitsRequest& request) const;

  // What a push changed, over all its commits.
  absl::StatusOr<v1::ListChangedPathsResponse> ListChangedPaths(
      const Caller& caller, const v1::ListChangedPathsRequest& request) const;

  // The commit that a run is for, by the rules of `from`: a branch of the workflow, and a commit on
  // it.
  absl::StatusOr<plan::CommitFacts> Resolve(const Caller& caller, const v1::Repository& repository,
                                            const v1::BuildFrom& from, const std::string& commit,
                                            const std::string& ref) const;

 private:
  // The repository of an app by name; "" where there is one.
  absl::StatusOr<v1::Repository> Find(const Caller& caller, std::string_view app,
                                      const std::string& name) const;
  // With the credential of its Git account, if that is for the URL's host.
  absl::StatusOr<git::GitRemote> RemoteOf(const Caller& caller,
                                          const v1::Repository& repository) const;

  const Parts parts_;
};

}  // namespace slipway::pipeline
