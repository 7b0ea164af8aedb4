#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/tx.h"
#include "libs/seal/key_ring.h"
#include "services/pipeline/store/resource_store.h"

namespace slipway::pipeline {

// Writes and reads the secret values of definitions, sealed to their name and version. Owned by
// App; thread-safe.
class Secrets {
 public:
  explicit Secrets(const seal::KeyRing& keys) : keys_(keys) {}

  // Seals `value` as the newest one of `row` and sets row.secret_version. Kinds other than Secret
  // forget the one before.
  absl::Status Write(db::Tx& tx, std::string_view value, store::ResourceRow* row) const;

  // The value of a version; SECRET_NOT_FOUND if it is not there. The caller wipes it.
  absl::StatusOr<std::string> Read(db::Tx& tx, const store::ResourceRow& row,
                                   int64_t version) const;

  // Whether the newest value of `row` is `value`.
  absl::StatusOr<bool> IsCurrent(db::Tx& tx, const store::ResourceRow& row,
                                 std::string_view value) const;

 private:
  const seal::KeyRing& keys_;
};

}  // namespace slipway::pipeline
