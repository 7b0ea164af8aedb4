#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/git/cli.h"
#include "services/gitops/provider/account.h"
#include "services/gitops/provider/branch_trial.h"
#include "services/gitops/provider/repository_host.h"
#include "services/gitops/provider/stage_run.h"

namespace slipway::gitops::provider {

// The stages of a validation against a host: reach, authenticate, create a private repository,
// clone, commit, push, read-back, delete it, and last make the provider's own repository if it is
// missing. What it creates is noted before and taken from the notes when it is gone, so that a
// validation that dies leaves nothing behind for ever.
struct HostTrial {
  RepositoryHost& host;
  const Account& account;
  const git::GitCli& cli;
  Clock& clock;
  std::string prefix =
      {};  // of the names of this provider's validations; for repository and branch
  // Notes a repository that is about to be made.
  std::function<absl::Status(const std::string& name)> note = {};
  // Strikes it out again.
  std::function<void(const std::string& name)> strike = {};
  // The mirror of the provider's own repository.
  std::function<absl::StatusOr<std::shared_ptr<git::Mirror>>(const git::GitRemote& remote)> open =
      {};
  std::stop_token stop = {};

  // Runs all; the URL of the provider's repository, or the first failure, which `run` has as well.
  absl::StatusOr<std::string> Run(StageRun& run) const;
};

}  // namespace slipway::gitops::provider
