#include "services/gitops/target/local/local_target.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/unique_fd.h"
#include "libs/log/log.h"
#include "services/gitops/domain/limits_check.h"

namespace slipway::gitops::local {
namespace {

using Status = slipway::gitops::v1::DeploymentStatus;

constexpr absl::Duration kProbeTime = absl::Seconds(1);
// Between looks at podman for one environment; its changes arrive earlier by the watch.
constexpr absl::Duration kMaxAge = absl::Seconds(5);
constexpr absl::Duration kStayUp = absl::Seconds(3);
constexpr int kLogLines = 5;

AppEnvironment WhereOf(const PodStatus& pod) {
  const auto label = [&](const char* key) {
    const auto found = pod.labels.find(key);
    return found == pod.labels.end() ? std::string() : found->second;
  };
  return {label(kProjectLabel), label(kAppLabel), label(kEnvironmentLabel)};
}

// Why the loopback port takes no connection; empty: it does.
std::string Connect(int port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return "no socket";
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 &&
      errno != EINPROGRESS) {
    return "the port takes no connection";
  }
  pollfd ready{fd.get(), POLLOUT, 0};
  if (::poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(kProbeTime))) != 1) {
    return "the port takes no connection within a second";
  }
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 ? "" : "the port takes no connection";
}

}  // namespace

LocalTarget::LocalTarget(Options options, PortAllocator& ports)
    : options_(std::move(options)),
      ports_(ports),
      podman_(options_.podman),
      http_({.peer = "app"}) {}

void LocalTarget::Subscribe(OnChange changed) {
  changed_ = std::move(changed);
  podman_.Sweep();
  // The first look makes podman create its files; without it there is nothing to watch yet.
  Refresh().IgnoreError();
  watch_ = std::make_unique<ContainerWatch>(options_.events_file, [this](const std::string& pod) {
    std::optional<AppEnvironment> where;
    {
      MutexLock lock(mu_);
      for (const auto& [key, status] : pods_) {
        if (status.name == pod) where = key;
      }
      if (where) refreshed_ = absl::InfinitePast();
    }
    if (where) changed_(*where);
  });
  Refresh().IgnoreError();
}

absl::StatusOr<PodManifest> LocalTarget::Build(const DesiredState& desired) {
  SLIPWAY_ASSIGN_OR_RETURN(const int port, ports_.Take(desired.where));
  return BuildPod(desired, options_.owner, port);
}

absl::Status LocalTarget::Refresh() {
  const absl::Time asked = absl::Now();
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<PodStatus> pods, podman_.List(kOwnerLabel, options_.owner));
  std::vector<ContainerWatch::Watched> watched;
  {
    MutexLock lock(mu_);
    pods_.clear();
    for (PodStatus& pod : pods) {
      for (const PodStatus::Container& container : pod.containers) {
        if (container.pid > 0) watched.push_back({pod.name, container.id, container.pid});
      }
      pods_.emplace(WhereOf(pod), std::move(pod));
    }
    refreshed_ = asked;
  }
  if (watch_) watch_->Set(std::move(watched));
  return absl::OkStatus();
}

absl::StatusOr<std::optional<PodStatus>> LocalTarget::Get(const AppEnvironment& where,
                                                          absl::Duration max_age) {
  bool fresh = false;
  {
    MutexLock lock(mu_);
    fresh = absl::Now() - refreshed_ <= max_age;
  }
  if (!fresh) SLIPWAY_RETURN_IF_ERROR(Refresh());
  MutexLock lock(mu_);
  const auto found = pods_.find(where);
  if (found == pods_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> LocalTarget::Differences(const PodManifest& wanted,
                                                  const std::optional<PodStatus>& pod) const {
  if (!pod) return {"the pod " + wanted.pod + " is not there"};
  const auto spec = pod->labels.find(kSpecLabel);
  if (spec == pod->labels.end() || spec->second != wanted.spec || pod->name != wanted.pod) {
    return {"the pod " + pod->name + " runs another specification"};
  }
  std::vector<std::string> differences;
  if (pod->infra_state != "running")
    differences.push_back("the pod " + pod->name + " is " + pod->infra_state);
  if (pod->containers.size() != wanted.images.size()) {
    differences.push_back("the pod " + pod->name + " lacks a container");
  }
  for (const PodStatus::Container& container : pod->containers) {
    if (container.state == "running") continue;
    const bool ended = container.state == "exited" || container.state == "stopped";
    differences.push_back("container " + container.name +
                          (ended ? " ended with exit code " + std::to_string(container.exit_code)
                                 : " is " + container.state));
  }
  return differences;
}

absl::StatusOr<Applied> LocalTarget::Apply(const DesiredState& desired) {
  SLIPWAY_RETURN_IF_ERROR(CheckLimitsOfManifests(desired));
  SLIPWAY_ASSIGN_OR_RETURN(const int port, ports_.Take(desired.where));
  SLIPWAY_ASSIGN_OR_RETURN(const PodManifest wanted, BuildPod(desired, options_.owner, port));
  Applied applied{.notes = wanted.notes};
  if (wanted.port > 0) applied.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  SLIPWAY_ASSIGN_OR_RETURN(const auto pod, Get(desired.where, kMaxAge));
  if (Differences(wanted, pod).empty()) return applied;
  const std::shared_lock images_stay(images_mu_);
  // The image first: what runs goes on running when it can't be had.
  for (const std::string& image : wanted.images) {
    SLIPWAY_RETURN_IF_ERROR(podman_.Pull(image, desired.credentials));
  }
  {
    MutexLock lock(mu_);
    pods_.erase(desired.where);  // so that the watch takes the end of the old one for what it is
    for (const std::string& image : wanted.images)
      replaced_.insert(image.substr(0, image.find('@')));
  }
  if (pod) SLIPWAY_RETURN_IF_ERROR(podman_.RemovePod(pod->name));
  absl::Status played = podman_.Play(wanted.text);
  if (absl::IsAlreadyExists(played)) {
    SLIPWAY_RETURN_IF_ERROR(podman_.RemovePod(wanted.pod));
    played = podman_.Play(wanted.text);
  }
  if (!played.ok()) {
    podman_.RemovePod(wanted.pod).IgnoreError();
    return played;
  }
  SLIPWAY_RETURN_IF_ERROR(Refresh());
  applied.changed = true;
  return applied;
}

std::string LocalTarget::Probe(const PodManifest& manifest, const PodStatus& pod, int port) {
  if (manifest.port == 0) {
    // Without a port there is nothing to ask: it is healthy when it stays up.
    for (const PodStatus::Container& container : pod.containers) {
      if (absl::Now() - container.started < kStayUp) return "whether it stays up is awaited";
    }
    return "";
  }
  if (manifest.health_path.empty()) return Connect(port);
  const auto answer =
      http_.Send({.url = "http://127.0.0.1:" + std::to_string(port) + manifest.health_path,
                  .headers = {{"Connection", "close"}},
                  .timeout = kProbeTime,
                  .max_response_bytes = 1 << 20});
  const std::string what =
      "GET " + manifest.health_path + " on port " + std::to_string(manifest.port);
  // A large answer is an answer.
  if (absl::IsResourceExhausted(answer.status())) return "";
  if (!answer.ok()) return what + " is not answered";
  if (answer->status >= 200 && answer->status < 400) return "";
  return what + " is answered with " + std::to_string(answer->status);
}

absl::StatusOr<Observation> LocalTarget::Observe(const DesiredState& desired) {
  SLIPWAY_ASSIGN_OR_RETURN(const int port, ports_.Take(desired.where));
  SLIPWAY_ASSIGN_OR_RETURN(const PodManifest wanted, BuildPod(desired, options_.owner, port));
  SLIPWAY_ASSIGN_OR_RETURN(const auto pod, Get(desired.where, kMaxAge));
  Observation seen;
  if (wanted.port > 0) seen.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  seen.drift = Differences(wanted, pod);
  if (!pod) {
    seen.health = Status::MISSING;
    seen.reason = seen.drift.front();
    return seen;
  }
  for (const PodStatus::Container& container : pod->containers) {
    if (container.state != "exited" && container.state != "stopped") continue;
    seen.exited = true;
    const auto log = podman_.LastLog(container.id, kLogLines);
    seen.reason = "container " + container.name + " ended with exit code " +
                  std::to_string(container.exit_code);
    if (log.ok() && !log->empty()) seen.reason += "; its last lines: " + *log;
  }
  if (!seen.drift.empty()) {
    seen.health = Status::DEGRADED;
    if (seen.reason.empty()) seen.reason = seen.drift.front();
    return seen;
  }
  seen.reason = Probe(wanted, *pod, port);
  seen.health = seen.reason.empty() ? Status::RUNNING : Status::STARTING;
  return seen;
}

void LocalTarget::RemoveReplacedImages() {
  const std::unique_lock nobody_applies(images_mu_, std::try_to_lock);
  if (!nobody_applies.owns_lock()) return;
  std::set<std::string> repositories;
  {
    MutexLock lock(mu_);
    repositories.swap(replaced_);
  }
  for (const std::string& repository : repositories) podman_.RemoveUnusedImages(repository);
}

absl::StatusOr<std::vector<AppEnvironment>> LocalTarget::List() {
  SLIPWAY_RETURN_IF_ERROR(Refresh());
  RemoveReplacedImages();
  MutexLock lock(mu_);
  std::vector<AppEnvironment> all;
  for (const auto& [where, pod] : pods_) all.push_back(where);
  return all;
}

absl::Status LocalTarget::Delete(const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto pod, Get(where, absl::ZeroDuration()));
  if (pod) {
    {
      MutexLock lock(mu_);
      pods_.erase(where);
    }
    SLIPWAY_RETURN_IF_ERROR(podman_.RemovePod(pod->name));
    log::Info("local.pod_removed", "the workload was taken away", {{"pod", pod->name}});
  }
  return ports_.Free(where);
}

}  // namespace slipway::gitops::local
