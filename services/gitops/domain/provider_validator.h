#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "libs/base/clock.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "libs/git/cli.h"
#include "libs/http/client.h"
#include "services/gitops/domain/desired_repository.h"
#include "services/gitops/domain/leftover_sweeper.h"
#include "services/gitops/domain/providers.h"
#include "services/gitops/provider/stage_run.h"

namespace slipway::gitops {

// Tries out what was saved about a provider, in the background: plain git on a branch of its own in
// the given repository, the other kinds with a private repository that is made and deleted again.
// Only a spec that passed all takes effect. A host that is not reached, or limits its rate, is
// tried again with growing pauses, or when it says. Instances share the work by claims in the
// database. Owned by App; thread-safe.
class ProviderValidator {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    Providers& providers;
    DesiredRepository& repository;
    const git::GitCli& cli;
    http::HttpClient& client;
    // Called after another spec has taken effect.
    std::function<void()> in_force_changed = {};
    std::string instance = "gitops-0";
  };
  explicit ProviderValidator(Parts parts)
      : parts_(std::move(parts)),
        sweeper_({.pool = parts_.pool,
                  .clock = parts_.clock,
                  .providers = parts_.providers,
                  .client = parts_.client,
                  .instance = parts_.instance}),
        loop_([this](const std::stop_token& stop) { return Pass(stop); }) {}

  void Start() { loop_.Start(); }
  void Stop() { loop_.Stop(); }
  void Wake() { loop_.Wake(); }

  // Validates what is due; how long until the next look.
  absl::Duration Pass(const std::stop_token& stop = {});

 private:
  // What a validation found.
  struct Outcome {
    absl::Status result = {};
    std::string repository_url = {};
    slipway::gitops::v1::GitOpsProviderStatus stages = {};
  };

  void Validate(const providers::Provider& provider, const std::stop_token& stop);
  absl::Status TryGit(const providers::Provider& provider, provider::StageRun& run);
  absl::StatusOr<std::string> TryHost(const providers::Provider& provider,
                                      const provider::Account& account, provider::StageRun& run,
                                      const std::stop_token& stop);
  absl::Status Conclude(const providers::Provider& validated, const Outcome& outcome);
  // Makes `provider` the one in force, and says what that means for what runs.
  absl::Status PutInForce(db::Tx& tx, providers::Provider& provider);

  Parts parts_;
  LeftoverSweeper sweeper_;
  WakeLoop loop_;
};

}  // namespace slipway::gitops
