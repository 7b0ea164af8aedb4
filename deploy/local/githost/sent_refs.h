#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/local/githost/push_record.h"

namespace slipway::githost {

// ref -> object id of a repository's branches and tags.
using RefMap = std::map<std::string, std::string>;

// What the receiver has accepted of every repository, on disk: one small file per repository,
// replaced in one step. Owned by the sender; not thread-safe.
class SentRefs {
 public:
  explicit SentRefs(std::string directory) : directory_(std::move(directory)) {}

  // Empty for a repository of which nothing was accepted yet.
  absl::StatusOr<RefMap> Load(const std::string& repository);
  // Records that the receiver has accepted the update, durably.
  absl::Status Accept(const std::string& repository, const RefUpdate& update);

 private:
  std::string FileOf(const std::string& repository) const;

  const std::string directory_;
  std::map<std::string, RefMap> cache_;
};

// Lays one update over a map of refs.
void ApplyUpdate(const RefUpdate& update, RefMap& refs);

// The updates that lead from `known` to `current`, with fresh delivery ids, in the order of the
// refs' names.
std::vector<RefUpdate> UpdatesBetween(const RefMap& known, const RefMap& current);

}  // namespace slipway::githost
