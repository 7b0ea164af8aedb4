#include "services/gitops/source/source_repository.h"

#include "libs/base/status.h"

namespace slipway::gitops {

bool IsCommitId(const std::string& revision) {
  return revision.size() == 40 &&
         revision.find_first_not_of("0123456789abcdef") == std::string::npos;
}

absl::StatusOr<std::shared_ptr<git::Mirror>> SourceRepository::MirrorOf(
    const slipway::pipeline::v1::Repository& repository) {
  SLIPWAY_RETURN_IF_ERROR(guard_.CheckUrl(repository.url()));
  git::GitRemote remote;
  remote.url = repository.url();
  if (!repository.account().empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const GitCredential credential,
                             pipeline_.GitAccount(repository.account(), repository.url()));
    remote.username = credential.username;
    remote.password = credential.password;
  }
  return mirrors_.Get(remote);
}

absl::StatusOr<std::string> SourceRepository::Resolve(
    const slipway::pipeline::v1::Repository& repository, const std::string& revision) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto mirror, MirrorOf(repository));
  if (IsCommitId(revision)) {
    SLIPWAY_RETURN_IF_ERROR(mirror->EnsureCommit(revision));
    return revision;
  }
  SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
  return mirror->Read([&](const git::Repository& repo) { return repo.Resolve(revision); });
}

}  // namespace slipway::gitops
