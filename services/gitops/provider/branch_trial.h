#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/git/cli.h"
#include "libs/git/mirror.h"

namespace slipway::gitops::provider {

// Tries out a repository on a branch of its own: each method is one step, in this order, and
// returns what to say about it. A repository without branches gets its own branch with a README
// instead: the first branch that is pushed becomes its default and can't be deleted. For one
// thread.
class BranchTrial {
 public:
  struct Parts {
    const git::GitCli& cli;  // outlives it
    Clock& clock;            // outlives it
    git::GitRemote remote;
    // Opens the mirror that is worked in.
    std::function<absl::StatusOr<std::shared_ptr<git::Mirror>>()> open;
    std::string branch;  // "main"
    std::string prefix;  // of the branches of this provider's validations
  };
  explicit BranchTrial(Parts parts);

  // Also deletes what a validation left that was cut off.
  absl::StatusOr<std::string> Clone();
  absl::StatusOr<std::string> Commit();
  absl::StatusOr<std::string> Push();
  absl::StatusOr<std::string> ReadBack();
  absl::StatusOr<std::string> Delete();
  // All of them.
  absl::Status RunAll();

  // There may be something to delete.
  bool begun() const { return !sha_.empty(); }

 private:
  const Parts parts_;
  std::string ref_;
  std::string base_, sha_;
  std::shared_ptr<git::Mirror> mirror_;
  bool first_commit_ = false;
};

}  // namespace slipway::gitops::provider
