#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/migrate.h"
#include "libs/db/tx.h"
#include "libs/journal/record.h"

// The journal of one service: a table in its schema, written in the transaction of each decision,
// read by "why" and "timeline". Functions without state; thread-safety is that of the Tx.
namespace slipway::journal {

// The table, for db::Migrate.
db::MigrationSet Migrations();

// Writes a record in the caller's transaction. Texts are cut (message 2000 bytes, each value 1000)
// and made valid UTF-8: what a stranger sent must not fail the transaction that records it.
absl::Status Append(db::Tx& tx, const Record& record);

struct Query {
  // A resource name: records about it, about what lies below it, and those that name it as related.
  std::string subject = {};
  // Or: all records of these traces. One of the two is set.
  std::vector<std::string> trace_ids = {};
  int limit = 200;        // 1 to 1000
  int64_t before_id = 0;  // > 0: only records with a smaller id, to go on after a page
};

// The newest records of the query, newest first.
absl::StatusOr<std::vector<Record>> List(db::Tx& tx, const Query& query);

// Deletes at most `limit` records that are older than `before`; returns how many.
absl::StatusOr<int64_t> Prune(db::Tx& tx, absl::Time before, int limit = 1000);

}  // namespace slipway::journal
