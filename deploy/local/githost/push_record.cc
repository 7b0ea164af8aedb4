#include "deploy/local/githost/push_record.h"

#include <charconv>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {
namespace {

constexpr std::string_view kVersionLine = "slipway-push 1";
constexpr std::string_view kSpoolSuffix = ".push";
constexpr size_t kObjectIdSize = 40;
constexpr size_t kUlidSize = 26;

bool IsObjectId(std::string_view id) {
  return id.size() == kObjectIdSize &&
         id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsBranchOrTag(std::string_view ref) {
  return ref.starts_with("refs/heads/") || ref.starts_with("refs/tags/");
}

absl::Status BadLine(std::string_view line) {
  return absl::InvalidArgumentError(
      ToAbsl("not a line of a push record: \"" + Truncate(line, 200) + "\""));
}

// A ref may not hold spaces (git check-ref-format), so the words of a line are exactly these.
absl::StatusOr<RefUpdate> ParseUpdate(std::string_view line, std::string_view text) {
  const std::vector<std::string> words = Split(text, ' ');
  if (words.size() != 4 || words[0].size() != kUlidSize || !IsObjectId(words[1]) ||
      !IsObjectId(words[2]) || !IsBranchOrTag(words[3])) {
    return BadLine(line);
  }
  return RefUpdate{words[0], words[1], words[2], words[3]};
}

}  // namespace

std::string FormatPushRecord(const PushRecord& record) {
  std::string text(kVersionLine);
  text += "\npushed_at " + std::to_string(record.pushed_at_us);
  text += "\nrepository " + record.repository;
  text += "\npusher " + record.pusher + "\n";
  for (const RefUpdate& u : record.updates) {
    text += "update " + u.delivery_id + " " + u.before + " " + u.after + " " + u.ref + "\n";
  }
  return text;
}

absl::StatusOr<PushRecord> ParsePushRecord(std::string_view text) {
  PushRecord record;
  bool first = true;
  for (const std::string& line : Split(text, '\n')) {
    if (first && line != kVersionLine) return BadLine(line);
    if (first || line.empty()) {
      first = false;
      continue;
    }
    const size_t space = line.find(' ');
    if (space == std::string::npos) return BadLine(line);
    const std::string_view key = std::string_view(line).substr(0, space);
    const std::string_view value = std::string_view(line).substr(space + 1);
    if (key == "pushed_at") {
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), record.pushed_at_us);
      if (error != std::errc() || end != value.data() + value.size()) return BadLine(line);
    } else if (key == "repository") {
      record.repository = value;
    } else if (key == "pusher") {
      record.pusher = value;
    } else if (key == "update") {
      SLIPWAY_ASSIGN_OR_RETURN(RefUpdate update, ParseUpdate(line, value));
      record.updates.push_back(std::move(update));
    } else {
      return BadLine(line);
    }
  }
  if (record.repository.empty() || record.updates.empty()) return BadLine(text);
  return record;
}

absl::StatusOr<std::vector<RefUpdate>> ParseHookInput(std::string_view input) {
  std::vector<RefUpdate> updates;
  const absl::Time now = absl::Now();
  for (const std::string& line : Split(input, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> words = Split(line, ' ');
    if (words.size() != 3 || !IsObjectId(words[0]) || !IsObjectId(words[1])) return BadLine(line);
    if (!IsBranchOrTag(words[2])) continue;
    updates.push_back({NewUlid(now), words[0], words[1], words[2]});
  }
  return updates;
}

absl::StatusOr<std::string> WriteToSpool(const std::string& spool, const PushRecord& record) {
  const std::string name = NewUlid(absl::Now()) + std::string(kSpoolSuffix);
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(spool + "/" + name, FormatPushRecord(record)));
  return name;
}

bool IsSpoolName(std::string_view name) {
  return name.size() == kUlidSize + kSpoolSuffix.size() && name.ends_with(kSpoolSuffix) &&
         name.front() != '.';
}

bool IsSpoolLeftover(std::string_view name) {
  const size_t size = kUlidSize + kSpoolSuffix.size();
  return name.size() > size && IsSpoolName(name.substr(0, size)) && name[size] == '.' &&
         name.ends_with(".tmp");
}

}  // namespace slipway::githost
