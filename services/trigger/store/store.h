#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"
#include "slipway/trigger/v1/trigger.pb.h"

// The only files of trigger that know SQL. Functions run in the caller's transaction.
namespace slipway::trigger::store {

struct HookRow {
  std::string id = {};
  int64_t numeric_id = 0;
  std::string forge = {};  // "GITHUB"
  std::vector<std::string> repositories = {};
  std::string secret = {};  // sealed
  int64_t version = 1;
  absl::Time created = {};
  absl::Time updated = {};
};

struct DeliveryRow {
  std::string id = {};
  std::string hook = {};
  std::string forge = {};
  std::string forge_id = {};
  std::string redelivery_of = {};
  std::string request_id = {};
  std::string body = {};
  std::string body_hash = {};
  std::string headers = {};  // JSON object
  std::string event = {};
  std::string repository = {};
  std::string ref = {};
  std::string commit = {};
  std::string order_key = {};
  std::string state = "RECEIVED";
  std::string outcome = {};
  std::vector<slipway::trigger::v1::Delivery::Match> matches = {};
  std::vector<std::string> apps = {};
  std::string traceparent = {};
  std::string trace_id = {};
  int tries = 0;
  int64_t fence = 0;
  int64_t size = 0;
  absl::Time created = {};
  std::optional<absl::Time> processed = {};
};

absl::StatusOr<std::vector<HookRow>> FindHooks(db::Tx& tx, const std::vector<std::string>& ids);
absl::StatusOr<std::optional<HookRow>> FindHook(db::Tx& tx, const std::string& id,
                                                bool lock = false);
absl::StatusOr<std::vector<HookRow>> ListHooks(db::Tx& tx, const std::string& after, int limit);
// ALREADY_EXISTS for an id that is taken.
absl::Status InsertHook(db::Tx& tx, const HookRow& row);
absl::Status UpdateHook(db::Tx& tx, const HookRow& row);
// Number of hooks that were there: 0 or 1.
absl::StatusOr<int64_t> DeleteHook(db::Tx& tx, const std::string& id);

// False: a delivery with that forge id (or, for a redelivery, that request id) is there already.
absl::StatusOr<bool> InsertDelivery(db::Tx& tx, const DeliveryRow& row, absl::Time now);
// Without body: the stored delivery that an insert ran into.
absl::StatusOr<std::optional<DeliveryRow>> FindByForgeId(db::Tx& tx, const std::string& hook,
                                                         const std::string& forge_id);
absl::StatusOr<std::optional<DeliveryRow>> FindByRequestId(db::Tx& tx,
                                                           const std::string& redelivery_of,
                                                           const std::string& request_id);
// With body.
absl::StatusOr<std::optional<DeliveryRow>> FindDelivery(db::Tx& tx, const std::string& id);
// Newest first, without bodies. `apps` empty: all; else those that matched one of these apps or
// prefixes.
struct DeliveryQuery {
  std::string hook = {};
  std::string app = {};
  std::string before = {};
  int limit = 0;
};
absl::StatusOr<std::vector<DeliveryRow>> ListDeliveries(db::Tx& tx, const DeliveryQuery& query);

// Claims deliveries that are due, the oldest of each order key, until now + lease. With body.
absl::StatusOr<std::vector<DeliveryRow>> Claim(db::Tx& tx, const std::string& holder,
                                               absl::Time now, absl::Duration lease, int limit);
// Claims of an earlier process with the same name end at once.
absl::Status ReleaseClaims(db::Tx& tx, const std::string& holder);
// Writes the end. False: the claim was lost to another holder, and nothing is written.
absl::StatusOr<bool> Finish(db::Tx& tx, const DeliveryRow& row, absl::Time now);
// Tries again at `at`.
absl::StatusOr<bool> Postpone(db::Tx& tx, const DeliveryRow& row, absl::Time at,
                              const std::string& why);
absl::StatusOr<int64_t> CountOpen(db::Tx& tx);

}  // namespace slipway::trigger::store
