#include "libs/kube/client/discovery.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/discovery_reader.h"
#include "libs/kube/client/errors.h"

namespace slipway::kube {
namespace {

// A group that lacks a wanted kind is not read more often than this.
constexpr absl::Duration kReadAgain = absl::Seconds(1);

std::string ApiVersionOf(std::string_view group, std::string_view version) {
  return Gvk{.group = std::string(group), .version = std::string(version), .kind = ""}
      .api_version();
}

}  // namespace

Discovery::Discovery(Client& client) : client_(client) {}

absl::StatusOr<ResourceInfo> Discovery::Find(std::string_view group, std::string_view version,
                                             std::string_view kind) {
  if (std::optional<ResourceInfo> known = FindKnown(group, version, kind)) return *known;
  const MutexLock reading(reading_);
  SLIPWAY_RETURN_IF_ERROR(EnsureLoaded());
  if (std::optional<ResourceInfo> known = FindKnown(group, version, kind)) return *known;
  bool read = true;
  {
    const MutexLock lock(mu_);
    const auto found = groups_.find(group);
    read = found == groups_.end() || found->second.stale ||
           absl::Now() - found->second.read > kReadAgain;
  }
  if (read) SLIPWAY_RETURN_IF_ERROR(Refresh(std::string(group)));
  const MutexLock lock(mu_);
  if (std::optional<ResourceInfo> info = Lookup(group, version, kind)) return *info;
  return KindUnknown(ApiVersionOf(group, version), kind, Suggest(group, version, kind));
}

std::optional<ResourceInfo> Discovery::FindKnown(std::string_view group, std::string_view version,
                                                 std::string_view kind) const {
  const MutexLock lock(mu_);
  const auto found = groups_.find(group);
  if (found == groups_.end() || found->second.stale) return std::nullopt;
  return Lookup(group, version, kind);
}

std::optional<ResourceInfo> Discovery::Lookup(std::string_view group, std::string_view version,
                                              std::string_view kind) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return std::nullopt;
  const auto in_version = [&](std::string_view wanted) -> const ResourceInfo* {
    for (const ResourceInfo& info : found->second.resources) {
      if (info.gvk.kind == kind && info.gvk.version == wanted) return &info;
    }
    return nullptr;
  };
  if (!version.empty()) {
    const ResourceInfo* info = in_version(version);
    return info == nullptr ? std::nullopt : std::optional(*info);
  }
  for (const std::string& preferred : found->second.versions) {
    if (const ResourceInfo* info = in_version(preferred)) return *info;
  }
  return std::nullopt;
}

// The same kind elsewhere comes first: a wrong version or group is the commonest slip.
std::string Discovery::Suggest(std::string_view group, std::string_view version,
                               std::string_view kind) const {
  std::vector<std::string> near, all;
  for (const auto& [name, entry] : groups_) {
    for (const ResourceInfo& info : entry.resources) {
      if (info.gvk.kind == kind) return info.gvk.api_version() + " " + info.gvk.kind;
      const bool same = name == group && (version.empty() || info.gvk.version == version);
      (same ? near : all).push_back(info.gvk.kind);
    }
  }
  std::string hint = DidYouMean(kind, near);
  if (!hint.empty()) return hint;
  hint = DidYouMean(kind, all);
  if (hint.empty()) return "";
  for (const auto& [name, entry] : groups_) {
    for (const ResourceInfo& info : entry.resources) {
      if (info.gvk.kind == hint) return info.gvk.api_version() + " " + hint;
    }
  }
  return "";
}

absl::Status Discovery::EnsureLoaded() {
  {
    const MutexLock lock(mu_);
    if (loaded_) return absl::OkStatus();
  }
  SLIPWAY_ASSIGN_OR_RETURN(ApiGroups read, ReadAllGroups(client_));
  const absl::Time now = absl::Now();
  const MutexLock lock(mu_);
  groups_.clear();
  for (auto& [name, group] : read) {
    groups_[name] = {.versions = std::move(group.versions),
                     .resources = std::move(group.resources),
                     .stale = false,
                     .read = now};
  }
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status Discovery::Refresh(const std::string& group) {
  SLIPWAY_ASSIGN_OR_RETURN(ApiGroup read, ReadGroup(client_, group));
  const MutexLock lock(mu_);
  groups_[group] = {.versions = std::move(read.versions),
                    .resources = std::move(read.resources),
                    .stale = false,
                    .read = absl::Now()};
  return absl::OkStatus();
}

void Discovery::Invalidate(std::string_view group) {
  const MutexLock lock(mu_);
  const auto found = groups_.find(group);
  if (found != groups_.end()) found->second.stale = true;
}

}  // namespace slipway::kube
