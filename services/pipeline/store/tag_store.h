#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"

// Counters and reservations of image tags.
namespace slipway::pipeline::store {

struct TagReservation {
  std::string idempotency_key;
  std::string workflow;
  std::string registry_host;
  std::string repository;
  std::string tag;
};

absl::StatusOr<std::optional<TagReservation>> FindReservation(db::Tx& tx,
                                                              std::string_view idempotency_key);
// The workflow's next number.
absl::StatusOr<int64_t> NextTagNumber(db::Tx& tx, std::string_view workflow);
// False if the tag or the key is taken.
absl::StatusOr<bool> TryReserve(db::Tx& tx, const TagReservation& reservation);
absl::Status MarkUsed(db::Tx& tx, std::string_view idempotency_key);
// Frees the tag unless it is used.
absl::Status Release(db::Tx& tx, std::string_view idempotency_key);

}  // namespace slipway::pipeline::store
