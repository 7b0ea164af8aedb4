#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/git/mirror_store.h"
#include "libs/http/outgoing_guard.h"
#include "services/gitops/domain/peers.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::gitops {

// The repositories of apps, by mirrors of this service. Owned by App; thread-safe.
class SourceRepository {
 public:
  // All outlive it.
  SourceRepository(git::MirrorStore& mirrors, const http::OutgoingGuard& guard,
                   PipelinePeer& pipeline)
      : mirrors_(mirrors), guard_(guard), pipeline_(pipeline) {}

  // The mirror, with the credential of the repository's account: only for a URL of the account's
  // host.
  absl::StatusOr<std::shared_ptr<git::Mirror>> MirrorOf(
      const slipway::pipeline::v1::Repository& repository);

 private:
  git::MirrorStore& mirrors_;
  const http::OutgoingGuard& guard_;
  PipelinePeer& pipeline_;
};

// The commit that a branch, tag or commit id stands for, as it is on the mirror's host now.
absl::StatusOr<std::string> ResolveNow(git::Mirror& mirror, const std::string& revision);

}  // namespace slipway::gitops
