#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/local/githost/push_record.h"
#include "deploy/local/githost/sent_refs.h"

namespace slipway::githost {

// One push of one ref, with what the payload says about its place.
struct PushToDescribe {
  std::string git_dir;     // the bare repository on disk
  std::string repository;  // "demo/hello.git"
  std::string base_url;    // of the git host, without a slash at the end
  std::string pusher;      // may be empty
  RefUpdate update;
  int64_t pushed_at_us = 0;
};

// The JSON text of GitHub's push event
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push): ref, before, after,
// created, deleted, forced, compare, at most 2048 commits with their added, removed and modified
// files (oldest first), head_commit, repository, pusher, sender. Of more commits the newest stay. A
// new branch lists what the default branch does not reach. File lists are left empty once the text
// is near GitHub's limit of 25 MB. Reads the disk through libgit2.
absl::StatusOr<std::string> BuildPushPayload(const PushToDescribe& push);

// The branches and tags of a repository; an annotated tag is its own object here, as in a push.
absl::StatusOr<RefMap> ReadRefs(const std::string& git_dir);

}  // namespace slipway::githost
