#include "services/gitops/domain/leftover_sweeper.h"

#include <algorithm>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/gitops/provider/errors.h"
#include "services/gitops/provider/make_host.h"

namespace slipway::gitops {
namespace {

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kLease = absl::Minutes(2);
constexpr absl::Duration kFirstPause = absl::Seconds(10);
constexpr absl::Duration kLongestPause = absl::Hours(1);
constexpr absl::Duration kGiveUp = absl::Hours(7 * 24);

}  // namespace

void LeftoverSweeper::Pass(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto due = db::RunTx(parts_.pool, "leftovers.due", kTxTime, [&](db::Tx& tx) {
      return leftovers::Claim(tx, parts_.instance, kLease);
    });
    if (!due.ok() || !*due) return;
    const absl::Status concluded = Conclude(**due, Delete(**due, stop));
    if (!concluded.ok()) return;
  }
}

absl::Status LeftoverSweeper::Delete(const leftovers::Leftover& leftover,
                                     const std::stop_token& stop) {
  SLIPWAY_ASSIGN_OR_RETURN(const provider::Account account,
                           parts_.providers.AccountOf(leftover.provider_uid, leftover.spec,
                                                      leftover.token, leftover.client_key));
  const auto host =
      provider::MakeHost({.client = parts_.client, .clock = parts_.clock, .stop = stop}, account);
  const std::vector<std::string> secrets = {account.token, account.tls.key};
  SLIPWAY_RETURN_IF_ERROR(provider::WithoutSecrets(host->Authenticate().status(), secrets));
  return provider::WithoutSecrets(host->Delete(leftover.repository), secrets);
}

absl::Status LeftoverSweeper::Conclude(const leftovers::Leftover& leftover,
                                       const absl::Status& deleted) {
  if (deleted.ok()) {
    log::Info("provider.leftover_deleted", "deleted what a validation left behind",
              {{"provider", leftover.provider}, {"repository", leftover.repository}});
  }
  const bool give_up = !deleted.ok() && parts_.clock.Now() - leftover.created > kGiveUp;
  const absl::Duration pause =
      std::max(std::min(kFirstPause * (1 << std::min(leftover.attempts, 12)), kLongestPause),
               absl::Milliseconds(DetailsOf(deleted).retry_after_ms));
  return db::RunTx(parts_.pool, "leftovers.conclude", kTxTime, [&](db::Tx& tx) -> absl::Status {
    if (deleted.ok()) return leftovers::Strike(tx, leftover.repository);
    // Said once when it happens, and once more when nothing more is done about it.
    if (leftover.attempts == 0 || give_up) {
      SLIPWAY_RETURN_IF_ERROR(journal::Append(
          tx, {.subject = leftover.provider,
               .kind = "gitopsProvider",
               .event = "provider.leftover",
               .verdict = give_up ? journal::Verdict::kFailed : journal::Verdict::kWaiting,
               .message = "repository " + leftover.repository +
                          " of a validation could not be deleted: " + MessageOf(deleted) +
                          (give_up ? "; delete it by hand" : "; it is tried again")}));
    }
    if (give_up) return leftovers::Strike(tx, leftover.repository);
    return leftovers::PutOff(tx, leftover.repository, pause);
  });
}

}  // namespace slipway::gitops
