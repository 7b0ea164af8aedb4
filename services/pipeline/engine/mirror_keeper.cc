#include "services/pipeline/engine/mirror_keeper.h"

#include <map>
#include <string>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/db.h"
#include "libs/log/log.h"
#include "services/pipeline/engine/resource_message.h"
#include "services/pipeline/store/resource_store.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kSweep = absl::Hours(1);
constexpr absl::Duration kAgain = absl::Minutes(1);

// What Repositories::RemoteOf gives for the repositories of all apps, without passwords.
absl::StatusOr<std::vector<git::GitRemote>> RemotesInUse(db::Tx& tx) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto accounts, store::ListOfKind(tx, Kind::kGitAccount));
  SLIPWAY_ASSIGN_OR_RETURN(const auto apps, store::ListOfKind(tx, Kind::kApp));
  std::map<std::string, std::string> users;
  for (const store::ResourceRow& account : accounts)
    users[account.name] = ReadAs<v1::GitAccount>(account).spec().username();
  std::vector<git::GitRemote> remotes;
  for (const store::ResourceRow& app : apps) {
    const v1::App message = ReadAs<v1::App>(app);
    for (const v1::Repository& repository : message.spec().repositories()) {
      const std::string user = repository.account().empty()
                                   ? ""
                                   : users[MakeName(Kind::kGitAccount, "", repository.account())];
      remotes.push_back({repository.url(), user, ""});
    }
  }
  return remotes;
}

}  // namespace

absl::Duration MirrorKeeper::Pass(const std::stop_token& stop) {
  const auto in_use = db::RunTx(pool_, "mirrors.in_use", kTxTime, RemotesInUse);
  if (!in_use.ok()) {
    log::Warn("mirrors.not_swept", "is tried again", {{"error", MessageOf(in_use.status())}});
    return kAgain;
  }
  const git::MirrorsRemoved done = mirrors_.RemoveOthers(*in_use, stop);
  if (done.removed > 0) {
    log::Info("mirrors.removed", "no app has these repositories any more",
              {{"mirrors", done.removed}});
  }
  return done.in_use > 0 ? kAgain : kSweep;
}

}  // namespace slipway::pipeline
