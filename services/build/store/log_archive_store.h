#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/tx.h"

namespace slipway::build {

// What is known of the logs in the archive; the logs themselves lie in the blob store.

// The log of an attempt is in the archive, `bytes` long. Once: a repetition changes nothing.
absl::Status RecordArchivedLog(db::Tx& tx, int64_t job_id, int attempt, int64_t bytes);

// Declares pruned what was archived before `before`, and the oldest of what goes beyond `max_bytes`
// altogether; at most `limit` logs. Their removal from the blob store is left as work. How many.
absl::StatusOr<int64_t> PruneLogs(db::Tx& tx, absl::Time before, int64_t max_bytes, int limit);

// When the log of an attempt was pruned; nothing for one that was not.
absl::StatusOr<std::optional<absl::Time>> LogPrunedAt(db::Tx& tx, int64_t job_id, int attempt);

// Bytes of all logs that are kept.
absl::StatusOr<int64_t> ArchivedBytes(db::Tx& tx);

}  // namespace slipway::build
