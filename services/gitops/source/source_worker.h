#pragma once

#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
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
// any other; several at once, so that a slow chart or host holds up only its own. A mistake in the
// source fails the deployment with the tool's words; a host that is away is waited for. Owned by
// App; thread-safe.
class SourceWorker {
 public:
  struct Parts {
    db::Pool& pool;
    Lifecycle& lifecycle;
    SourceRepository& repositories;
    SourceRenderer& renderer;
    std::function<void()> rendered;  // wakes the committer
    int parallel = 4;                // deployments that are rendered at once
  };
  explicit SourceWorker(Parts parts);

  void Start();
  void Stop();
  void Wake();

  // One pass, in the caller's thread, over what waits and nobody else has taken; how long until the
  // next.
  absl::Duration Pass(const std::stop_token& stop);

 private:
  // One that waits, is not among the `failed` and in nobody's hands; it is in the caller's then,
  // until Release.
  absl::StatusOr<std::optional<sources::Waiting>> Take(const std::set<int64_t>& failed);
  // Reads what waits anew, where that was long ago; under mu_.
  absl::Status Refill();
  void Release(int64_t deployment_id);
  absl::Status Render(const sources::Waiting& waiting, const std::stop_token& stop);
  // Writes why it did not work: for good, or until the next try.
  void NoteFailure(const sources::Waiting& waiting, const absl::Status& status);

  const Parts parts_;
  Mutex mu_;
  std::deque<sources::Waiting> next_ SLIPWAY_GUARDED_BY(mu_);  // the first of those that wait
  absl::Time refilled_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
  std::set<int64_t> taken_ SLIPWAY_GUARDED_BY(mu_);
  std::list<WakeLoop> loops_;
};

}  // namespace slipway::gitops
