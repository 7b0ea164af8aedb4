#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/http/client.h"
#include "services/gitops/domain/target.h"
#include "services/gitops/target/local/container_watch.h"
#include "services/gitops/target/local/pod_manifest.h"
#include "services/gitops/target/local/podman.h"
#include "services/gitops/target/local/port_allocator.h"

namespace slipway::gitops::local {

// This machine: each app in an environment is one pod, played by podman from the committed
// Deployment with a port of this machine added. Pods carry the owner's mark; others are never
// touched. Health is asked here, by the manifest's readiness probe, since podman's own checks need
// systemd. Owned by App; thread-safe.
class LocalTarget final : public Target {
 public:
  struct Options {
    std::string owner = {};  // mark of this installation on its pods
    Podman::Options podman = {};
    std::string events_file = {};  // podman's; empty: only exits are noticed at once
  };
  // `ports` outlives it.
  LocalTarget(Options options, PortAllocator& ports);

  absl::StatusOr<Applied> Apply(const DesiredState& desired) override;
  absl::StatusOr<Observation> Observe(const DesiredState& desired) override;
  absl::StatusOr<std::vector<AppEnvironment>> List() override;
  absl::Status Delete(const AppEnvironment& where) override;
  void Subscribe(OnChange changed) override;
  void Unsubscribe() override { watch_.reset(); }

 private:
  absl::StatusOr<PodManifest> Build(const DesiredState& desired);
  // Asks podman about all pods, and watches their processes.
  absl::Status Refresh();
  // What is known about the environment's pod, not older than `max_age`.
  absl::StatusOr<std::optional<PodStatus>> Get(const AppEnvironment& where, absl::Duration max_age);
  std::vector<std::string> Differences(const PodManifest& wanted,
                                       const std::optional<PodStatus>& pod) const;
  // Why the app does not answer; empty: it does.
  std::string Probe(const PodManifest& manifest, const PodStatus& pod, int port);
  // Takes images away that were replaced, unless something is being applied just now.
  void RemoveReplacedImages();

  const Options options_;
  PortAllocator& ports_;
  const Podman podman_;
  http::HttpClient http_;
  OnChange changed_;
  Mutex mu_;
  absl::Time refreshed_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
  std::map<AppEnvironment, PodStatus> pods_ SLIPWAY_GUARDED_BY(mu_);
  std::set<std::string> replaced_
      SLIPWAY_GUARDED_BY(mu_);  // repositories of which a newer image was applied
  std::shared_mutex
      images_mu_;  // shared from pull to play, so that nobody takes the image away in between
  std::unique_ptr<ContainerWatch> watch_;
};

}  // namespace slipway::gitops::local
