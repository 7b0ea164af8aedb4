#include "libs/events/cursor_row.h"

#include "absl/strings/cord.h"
#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"

namespace slipway::events {
namespace {

constexpr char kLostUrl[] = "slipway.dev/event-lease-lost";
constexpr absl::Duration kTimeout = absl::Seconds(5);

constexpr db::Sql kEnsure{"event_cursors.ensure",
                          "INSERT INTO event_cursors (consumer, source) VALUES ($1, $2)"
                          " ON CONFLICT DO NOTHING"};
constexpr db::Sql kTake{
    "event_cursors.take",
    "UPDATE event_cursors SET lease_holder = $3, lease_until = now() + $4::interval, fence = fence "
    "+ 1,"
    " updated_at = now()"
    " WHERE consumer = $1 AND source = $2 AND (lease_holder = $3 OR lease_until < now())"
    " RETURNING xid::text AS xid, seq, fence"};
constexpr db::Sql kRenew{"event_cursors.renew",
                         "UPDATE event_cursors SET lease_until = now() + $4::interval"
                         " WHERE consumer = $1 AND source = $2 AND fence = $3"};
constexpr db::Sql kLock{"event_cursors.lock",
                        "SELECT xid::text AS xid, seq FROM event_cursors"
                        " WHERE consumer = $1 AND source = $2 AND fence = $3 FOR UPDATE"};
constexpr db::Sql kMove{"event_cursors.move",
                        "UPDATE event_cursors SET xid = $3::xid8, seq = $4, updated_at = now()"
                        " WHERE consumer = $1 AND source = $2"};
constexpr db::Sql kBury{"dead_events.insert",
                        "INSERT INTO dead_events (consumer, source, xid, seq, type, subject, "
                        "payload, trace_id, event_time,"
                        " error, tries) VALUES ($1, $2, $3::xid8, $4, $5, $6, $7, $8, $9, $10, $11)"
                        " ON CONFLICT DO NOTHING"};

absl::Status Lost() {
  absl::Status status =
      absl::FailedPreconditionError("another process has the lease of this consumer");
  status.SetPayload(kLostUrl, absl::Cord("1"));
  return status;
}

Cursor CursorFromRow(const db::Row& row) {
  return {static_cast<uint64_t>(row.GetInt64("xid")), row.GetInt64("seq")};
}

}  // namespace

bool IsLeaseLost(const absl::Status& status) { return status.GetPayload(kLostUrl).has_value(); }

absl::StatusOr<std::optional<CursorRow::Lease>> CursorRow::Take() {
  return db::RunTx(
      pool_, "event_cursors.take_lease", kTimeout,
      [&](db::Tx& tx) -> absl::StatusOr<std::optional<Lease>> {
        SLIPWAY_RETURN_IF_ERROR(tx.Exec(kEnsure, options_.consumer, options_.source).status());
        SLIPWAY_ASSIGN_OR_RETURN(
            const db::Result rows,
            tx.Exec(kTake, options_.consumer, options_.source, options_.holder, options_.lease));
        if (rows.empty()) return std::optional<Lease>();
        return std::optional<Lease>(Lease{rows[0].GetInt64("fence"), CursorFromRow(rows[0])});
      });
}

absl::Status CursorRow::Renew(int64_t fence) {
  return db::RunTx(pool_, "event_cursors.renew_lease", kTimeout, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(
        const db::Result done,
        tx.Exec(kRenew, options_.consumer, options_.source, fence, options_.lease));
    return done.affected_rows() == 1 ? absl::OkStatus() : Lost();
  });
}

void CursorRow::GiveUp(int64_t fence) {
  (void)db::RunTx(pool_, "event_cursors.give_up", kTimeout, [&](db::Tx& tx) {
    return tx.Exec(kRenew, options_.consumer, options_.source, fence, absl::Microseconds(-1))
        .status();
  });
}

absl::StatusOr<Cursor> CursorRow::Read(int64_t fence) {
  return db::RunTx(pool_, "event_cursors.read", kTimeout,
                   [&](db::Tx& tx) { return Lock(tx, fence); });
}

absl::StatusOr<Cursor> CursorRow::Lock(db::Tx& tx, int64_t fence) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kLock, options_.consumer, options_.source, fence));
  if (rows.empty()) return Lost();
  return CursorFromRow(rows[0]);
}

absl::Status CursorRow::Move(db::Tx& tx, Cursor to) {
  return tx.Exec(kMove, options_.consumer, options_.source, to.xid, to.seq).status();
}

absl::Status CursorRow::Bury(db::Tx& tx, const Event& e, const absl::Status& error, int tries) {
  const std::string text = ToValidUtf8(Truncate(error.ToString(), 2000));
  return tx
      .Exec(kBury, options_.consumer, options_.source, e.cursor.xid, e.cursor.seq, e.type,
            e.subject, db::Bytes{e.payload}, e.trace_id, e.time, text, tries)
      .status();
}

}  // namespace slipway::events
