#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/git/cli.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/providers.h"

namespace slipway::gitops {

// Tries out what was saved about a provider, in the background: clone, commit, push, read-back and
// delete, on a branch of its own in the given repository. Only a spec that passed all takes effect.
// A host that is not reached is tried again with growing pauses. Owned by App; thread-safe.
class ProviderValidator {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    Providers& providers;
    DesiredRepository& repository;
    const git::GitCli& cli;
    std::function<void()> in_force_changed;
  };
  explicit ProviderValidator(Parts parts)
      : parts_(std::move(parts)), loop_([this](const std::stop_token&) { return Pass(); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // Validates what is due; how long until the next look.
  absl::Duration Pass();

 private:
  void Validate(const providers::Provider& provider);
  absl::Status RunStages(const providers::Provider& provider,
                         slipway::gitops::v1::GitOpsProviderStatus& stages);
  absl::Status Conclude(const providers::Provider& validated, const absl::Status& result,
                        const slipway::gitops::v1::GitOpsProviderStatus& stages);

  Parts parts_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
