#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/db/db.h"

// Sealed secret values by definition and version. Nothing here sees a value in the clear.
namespace slipway::pipeline::store {

// The number of the next value of this name; never given twice, also after the name was deleted.
absl::StatusOr<int64_t> NextSecretVersion(db::Tx& tx, std::string_view name);

// Adds a value and makes it the newest. `keep_old`: Plans may still refer to earlier ones.
absl::Status AddSecretValue(db::Tx& tx, int64_t resource_id, int64_t version,
                            std::string_view sealed, bool keep_old);

// The sealed value; empty if that version is not there.
absl::StatusOr<std::optional<std::string>> FindSecretValue(db::Tx& tx, int64_t resource_id,
                                                           int64_t version);

}  // namespace slipway::pipeline::store
