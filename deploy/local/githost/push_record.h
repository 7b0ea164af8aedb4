#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace slipway::githost {

// The object id that stands for "no such ref" in git's hooks and in webhook payloads.
inline constexpr std::string_view kNoObject = "0000000000000000000000000000000000000000";

// One ref that a push moved. The delivery id is fixed when the push is recorded, so that sending it
// twice is one delivery to the receiver.
struct RefUpdate {
  std::string delivery_id;  // ULID
  std::string before;       // 40 hex digits; kNoObject for a new ref
  std::string after;        // 40 hex digits; kNoObject for a deleted ref
  std::string ref;          // "refs/heads/main"

  bool operator==(const RefUpdate&) const = default;
};

// One accepted push: what the post-receive hook writes to the spool and the sender reads. A value.
struct PushRecord {
  int64_t pushed_at_us = 0;  // microseconds since 1970 at the start of post-receive
  std::string repository;    // "demo/hello.git"
  std::string pusher;        // the signed-in user of the git host
  std::vector<RefUpdate> updates;

  bool operator==(const PushRecord&) const = default;
};

// Lines of "key value..."; the format has a version in its first line.
std::string FormatPushRecord(const PushRecord& record);
// INVALID_ARGUMENT naming the line for anything that FormatPushRecord does not write.
absl::StatusOr<PushRecord> ParsePushRecord(std::string_view text);

// The updates in the standard input of a post-receive hook ("<old> <new> <ref>" lines): branches
// and tags only, each with a fresh delivery id.
absl::StatusOr<std::vector<RefUpdate>> ParseHookInput(std::string_view input);

// Writes the record durably into the folder `spool` as <ULID>.push and returns the file's name. The
// names sort by time.
absl::StatusOr<std::string> WriteToSpool(const std::string& spool, const PushRecord& record);
// True for the names that WriteToSpool gives; other files in the spool are none of ours, or not yet
// complete.
bool IsSpoolName(std::string_view name);
// True for what WriteToSpool leaves when it is killed while it writes.
bool IsSpoolLeftover(std::string_view name);

}  // namespace slipway::githost
