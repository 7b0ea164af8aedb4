#include "services/gitops/provider/branch_trial.h"

#include <utility>

#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/git/commit_builder.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kReadme[] =
    "# Desired state\n\nSlipway writes here what shall run: one folder for each project, app and "
    "environment, one commit for\n"
    "each deployment. What is changed here by hand is applied as well.\n";

}  // namespace

BranchTrial::BranchTrial(Parts parts)
    : parts_(std::move(parts)), ref_("refs/heads/" + parts_.prefix + RandomHex(4)) {}

absl::StatusOr<std::string> BranchTrial::Clone() {
  SLIPWAY_ASSIGN_OR_RETURN(mirror_, parts_.open());
  SLIPWAY_RETURN_IF_ERROR(mirror_->Fetch());
  SLIPWAY_ASSIGN_OR_RETURN(const auto refs, mirror_->Read([&](const git::Repository& repository) {
    return repository.ListRefs("refs/heads/");
  }));
  const std::string branch = "refs/heads/" + parts_.branch;
  for (const git::Ref& found : refs) {
    if (found.name == branch) base_ = found.sha;
    if (found.name.starts_with("refs/heads/" + parts_.prefix))
      parts_.cli.DeleteBranch(parts_.remote, mirror_->git_dir(), found.name).IgnoreError();
  }
  first_commit_ = refs.empty();
  if (first_commit_) ref_ = branch;
  return first_commit_ ? "the repository is empty" : "read " + parts_.remote.url;
}

absl::StatusOr<std::string> BranchTrial::Commit() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto made, mirror_->Read([&](const git::Repository& repository) {
    git::CommitBuilder builder(repository, base_);
    if (first_commit_) {
      builder.Put("README.md", kReadme);
    } else {
      builder.Put(".slipway-validation",
                  slipway::FormatTime(parts_.clock.Now()) + " " + ref_ + "\n");
    }
    return builder.Commit(
        first_commit_ ? "Begin the desired state" : "Validate the GitOps provider",
        {"Slipway", "slipway@localhost"}, parts_.clock.Now());
  }));
  sha_ = made.value_or("");
  return "commit " + sha_.substr(0, 8);
}

absl::StatusOr<std::string> BranchTrial::Push() {
  SLIPWAY_RETURN_IF_ERROR(mirror_->Push(ref_, "", sha_));
  return "pushed " + ref_.substr(11);
}

absl::StatusOr<std::string> BranchTrial::ReadBack() {
  SLIPWAY_ASSIGN_OR_RETURN(const auto refs, parts_.cli.ListRemote(parts_.remote));
  for (const auto& found : refs.refs) {
    if (found.name == ref_ && found.sha == sha_) return "the branch has the commit";
  }
  return absl::FailedPreconditionError("the host does not have the commit that it accepted");
}

absl::StatusOr<std::string> BranchTrial::Delete() {
  if (first_commit_) return "nothing to delete: the branch was made";
  SLIPWAY_RETURN_IF_ERROR(parts_.cli.DeleteBranch(parts_.remote, mirror_->git_dir(), ref_));
  return "deleted the validation's branch";
}

absl::Status BranchTrial::RunAll() {
  SLIPWAY_RETURN_IF_ERROR(Clone().status());
  SLIPWAY_RETURN_IF_ERROR(Commit().status());
  SLIPWAY_RETURN_IF_ERROR(Push().status());
  const absl::Status read = ReadBack().status();
  const absl::Status deleted = Delete().status();
  return read.ok() ? deleted : read;
}

}  // namespace slipway::gitops::provider
