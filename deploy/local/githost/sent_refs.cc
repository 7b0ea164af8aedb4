#include "deploy/local/githost/sent_refs.h"

#include "absl/time/clock.h"
#include "deploy/local/githost/repository_path.h"
#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::githost {

std::string SentRefs::FileOf(const std::string& repository) const {
  return directory_ + "/" + FileNameOf(repository);
}

absl::StatusOr<RefMap> SentRefs::Load(const std::string& repository) {
  const auto cached = cache_.find(repository);
  if (cached != cache_.end()) return cached->second;
  RefMap refs;
  if (PathExists(FileOf(repository))) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(FileOf(repository)));
    for (const std::string& line : Split(text, '\n')) {
      const size_t space = line.find(' ');
      if (space != std::string::npos) refs[line.substr(space + 1)] = line.substr(0, space);
    }
  }
  cache_[repository] = refs;
  return refs;
}

absl::Status SentRefs::Accept(const std::string& repository, const RefUpdate& update) {
  SLIPWAY_ASSIGN_OR_RETURN(RefMap refs, Load(repository));
  ApplyUpdate(update, refs);
  std::string text;
  for (const auto& [ref, object] : refs) text += object + " " + ref + "\n";
  SLIPWAY_RETURN_IF_ERROR(WriteFileAtomic(FileOf(repository), text));
  cache_[repository] = std::move(refs);
  return absl::OkStatus();
}

void ApplyUpdate(const RefUpdate& update, RefMap& refs) {
  if (update.after == kNoObject) {
    refs.erase(update.ref);
  } else {
    refs[update.ref] = update.after;
  }
}

std::vector<RefUpdate> UpdatesBetween(const RefMap& known, const RefMap& current) {
  std::vector<RefUpdate> updates;
  const absl::Time now = absl::Now();
  for (const auto& [ref, object] : current) {
    const auto before = known.find(ref);
    if (before != known.end() && before->second == object) continue;
    updates.push_back({NewUlid(now),
                       before == known.end() ? std::string(kNoObject) : before->second, object,
                       ref});
  }
  for (const auto& [ref, object] : known) {
    if (!current.contains(ref))
      updates.push_back({NewUlid(now), object, std::string(kNoObject), ref});
  }
  return updates;
}

}  // namespace slipway::githost
