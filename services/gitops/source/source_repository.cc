#include "services/gitops/source/source_repository.h"

#include "libs/base/status.h"
#include "libs/git/names.h"

namespace slipway::gitops {

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

absl::StatusOr<std::string> ResolveNow(git::Mirror& mirror, const std::string& revision) {
  if (git::IsSha(revision)) {
    SLIPWAY_RETURN_IF_ERROR(mirror.EnsureCommit(revision));
    return revision;
  }
  SLIPWAY_RETURN_IF_ERROR(mirror.Fetch());
  return mirror.Read(
      [&](const git::Repository& repository) { return repository.Resolve(revision); });
}

}  // namespace slipway::gitops
