#pragma once

#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/lifecycle.h"
#include "services/gitops/source/source_renderer.h"
#include "services/gitops/source/source_repository.h"
#include "services/gitops/store/source_store.h"

namespace slipway::gitops {

// What a deployment's path is rendered with.
SourceRequest RequestOf(const AppEnvironment& where, const std::string& k8s_namespace,
                        const std::string& image, const slipway::pipeline::v1::DeploySpec& deploy);

// Renders deployments whose manifests come from a repository, so that the committer finds them like
// any other. A mistake in the source fails the deployment with the tool's words; a host that is
// away is waited for. Owned by App; thread-safe.
class SourceWorker {
 public:
  struct Parts {
    db::Pool& pool;
    Lifecycle& lifecycle;
    SourceRepository& repositories;
    SourceRenderer& renderer;
    std::function<void()> rendered;  // wakes the committer
  };
  explicit SourceWorker(Parts parts)
      : parts_(std::move(parts)),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // One pass over what waits; how long until the next.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  absl::Status Render(const sources::Waiting& waiting, const std::stop_token& stop);
  // Writes why it did not work: for good, or until the next try.
  void NoteFailure(const sources::Waiting& waiting, const absl::Status& status);

  const Parts parts_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
