#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/mutex.h"
#include "libs/kube/client/client.h"
#include "libs/kube/client/resource.h"

namespace slipway::kube {

// Which kinds a cluster serves, read once (aggregated discovery: two requests; on older servers one
// per group and version) and kept. A group is read again after Invalidate, which is what a new CRD
// asks for, and when a kind is not found, at most once a second. Owned beside its Client, which
// must outlive it. Thread-safe; all but FindKnown and Invalidate may block on the network and
// must not be called on the client's loop.
class Discovery {
 public:
  explicit Discovery(Client& client);

  // The kind in `group` and `version`; an empty version is the group's preferred one that has it.
  // NOT_FOUND, reason KIND_UNKNOWN, with a suggestion; else what Client gives.
  absl::StatusOr<ResourceInfo> Find(std::string_view group, std::string_view version,
                                    std::string_view kind);
  absl::StatusOr<ResourceInfo> Find(const Gvk& gvk) {
    return Find(gvk.group, gvk.version, gvk.kind);
  }
  // From what is known, without a request; empty when the kind is not known or its group was
  // invalidated.
  std::optional<ResourceInfo> FindKnown(std::string_view group, std::string_view version,
                                        std::string_view kind) const;

  // The group is read again before it is used.
  void Invalidate(std::string_view group);

 private:
  struct Group {
    std::vector<std::string> versions = {};  // preferred first
    std::vector<ResourceInfo> resources = {};
    bool stale = false;
    absl::Time read = absl::InfinitePast();
  };
  using Groups = std::map<std::string, Group, std::less<>>;

  absl::Status EnsureLoaded();
  absl::Status Refresh(const std::string& group);
  std::optional<ResourceInfo> Lookup(std::string_view group, std::string_view version,
                                     std::string_view kind) const;
  std::string Suggest(std::string_view group, std::string_view version,
                      std::string_view kind) const;

  Client& client_;
  Mutex reading_;  // one reads at a time, the others wait for what it finds
  mutable Mutex mu_;
  Groups groups_ SLIPWAY_GUARDED_BY(mu_);
  bool loaded_ SLIPWAY_GUARDED_BY(mu_) = false;
};

}  // namespace slipway::kube
