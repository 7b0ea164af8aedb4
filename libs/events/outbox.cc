#include "libs/events/outbox.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "embed/events_sql.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "libs/telemetry/metrics.h"

namespace slipway::events {
namespace {

constexpr db::Sql kAppend{
    "events.append",
    "INSERT INTO events (type, subject, payload, trace_id) VALUES ($1, $2, $3, $4)"};

// settled: no transaction that could still commit an earlier place is running.
constexpr db::Sql kRead{
    "events.read",
    "SELECT xid::text AS xid, seq, type, subject, payload, trace_id, created_at,"
    " xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled"
    " FROM events WHERE (xid, seq) > ($1::xid8, $2::bigint) ORDER BY events.xid, events.seq LIMIT "
    "$3"};

constexpr db::Sql kNoteReader{
    "events.note_reader",
    "INSERT INTO event_readers (reader, xid, seq) VALUES ($1, $2::xid8, $3)"
    " ON CONFLICT (reader) DO UPDATE SET xid = excluded.xid, seq = excluded.seq, updated_at = "
    "now()"};

// readers: those that have not passed an event which goes all the same.
constexpr db::Sql kPrune{
    "events.prune",
    "WITH old AS (SELECT e.xid, e.seq, e.created_at,"
    "   (SELECT string_agg(r.reader, ', ' ORDER BY r.reader) FROM event_readers r"
    "     WHERE (r.xid, r.seq) < (e.xid, e.seq)) AS readers"
    "   FROM events e WHERE e.created_at < $1),"
    " gone AS (SELECT xid, seq, readers FROM old"
    "   WHERE readers IS NULL OR created_at < $2 ORDER BY old.xid, old.seq LIMIT $3),"
    " deleted AS (DELETE FROM events e USING gone g WHERE (e.xid, e.seq) = (g.xid, g.seq))"
    " SELECT count(*) AS deleted, count(readers) AS unread,"
    "   coalesce(max(readers), '') AS readers FROM gone"};

constexpr db::Sql kReaders{
    "events.readers",
    "SELECT r.reader, coalesce((SELECT extract(epoch FROM now() - e.created_at) FROM events e"
    "   WHERE (e.xid, e.seq) > (r.xid, r.seq) ORDER BY e.xid, e.seq LIMIT 1), 0)::bigint AS age"
    " FROM event_readers r"};

constexpr size_t kMaxReader = 100;

constexpr absl::Duration kIdlePoll = absl::Seconds(1);
constexpr absl::Duration kFirstPoll = absl::Milliseconds(1);
constexpr absl::Duration kSlowestPoll = absl::Milliseconds(100);

Event EventFromRow(const db::Row& row) {
  Event e;
  e.cursor = {static_cast<uint64_t>(row.GetInt64("xid")), row.GetInt64("seq")};
  e.type = row.GetString("type");
  e.subject = row.GetString("subject");
  e.payload = row.GetBytes("payload");
  e.trace_id = row.GetString("trace_id");
  e.time = row.GetTime("created_at");
  return e;
}

}  // namespace

db::MigrationSet Migrations() { return {"events", sql::kFiles}; }

Outbox::Outbox(db::Pool& pool, telemetry::Metrics* metrics) : pool_(pool), metrics_(metrics) {}
Outbox::~Outbox() { Stop(); }

void Outbox::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Poll(stop); });
}

void Outbox::Stop() { thread_ = std::jthread(); }

absl::Status Outbox::Append(db::Tx& tx, const Event& event) {
  const std::string& trace =
      event.trace_id.empty() ? log::CurrentContext().trace_id : event.trace_id;
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kAppend, event.type, event.subject, db::Bytes{event.payload}, trace).status());
  tx.OnCommit([this] { WakeAll(); });
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Event>> Outbox::ReadAfter(Cursor after, int limit, absl::Time deadline) {
  bool pending = false;
  auto events = db::RunTx(pool_, "events.read_after", deadline,
                          [&](db::Tx& tx) -> absl::StatusOr<std::vector<Event>> {
                            SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                                                     tx.Exec(kRead, after.xid, after.seq, limit));
                            std::vector<Event> settled;
                            pending = false;
                            for (const db::Row row : rows) {
                              if (!row.GetBool("settled")) {
                                pending = true;
                                break;
                              }
                              settled.push_back(EventFromRow(row));
                            }
                            return settled;
                          });
  if (events.ok() && events->empty() && pending) {
    {
      MutexLock lock(mu_);
      pending_ = true;
    }
    changed_.notify_all();
  }
  return events;
}

int64_t Outbox::Watch(std::function<void()> wake) {
  MutexLock lock(mu_);
  watchers_.emplace(next_watcher_, std::move(wake));
  return next_watcher_++;
}

void Outbox::Unwatch(int64_t id) {
  MutexLock lock(mu_);
  watchers_.erase(id);
}

void Outbox::WakeAll() {
  std::vector<std::function<void()>> wakes;  // called without the lock
  {
    MutexLock lock(mu_);
    wakes.reserve(watchers_.size());
    for (const auto& [id, wake] : watchers_) wakes.push_back(wake);
  }
  for (const auto& wake : wakes) wake();
}

void Outbox::Poll(const std::stop_token& stop) {
  absl::Duration pause = kFirstPoll;
  absl::Time last_pending = absl::InfinitePast();
  while (!stop.stop_requested()) {
    {
      std::unique_lock<Mutex> lock(mu_);
      changed_.wait_for(lock, stop, absl::ToChronoMilliseconds(kIdlePoll),
                        [this] { return pending_; });
      if (stop.stop_requested()) return;
      if (pending_) {
        // The watchers set it again within moments when it still holds; then the pause grows.
        const absl::Time now = absl::Now();
        pause =
            now - last_pending > 2 * kSlowestPoll ? kFirstPoll : std::min(pause * 2, kSlowestPoll);
        changed_.wait_for(lock, stop, absl::ToChronoMilliseconds(pause), [] { return false; });
        last_pending = absl::Now();
        pending_ = false;
      }
    }
    WakeAll();
  }
}

absl::Status Outbox::NoteReader(std::string_view reader, Cursor applied, absl::Time deadline) {
  if (reader.size() > kMaxReader) return InvalidField("reader", "is longer than 100 bytes");
  return db::RunTx(pool_, "events.note_reader", deadline, [&](db::Tx& tx) {
    return tx.Exec(kNoteReader, reader, applied.xid, applied.seq).status();
  });
}

absl::StatusOr<int64_t> Outbox::Prune(absl::Time before, int limit, absl::Time deadline) {
  return db::RunTx(pool_, "events.prune", deadline, [&](db::Tx& tx) -> absl::StatusOr<int64_t> {
    SLIPWAY_ASSIGN_OR_RETURN(const db::Result done,
                             tx.Exec(kPrune, before, before - kKeptForReader, limit));
    const int64_t unread = done[0].GetInt64("unread");
    SLIPWAY_RETURN_IF_ERROR(ShowReaders(tx, unread));
    if (unread > 0) {
      log::Error("events.unread_deleted",
                 "events were deleted that a reader has not applied: it was away for too long",
                 {{"events", unread}, {"readers", done[0].GetString("readers")}});
    }
    return done[0].GetInt64("deleted");
  });
}

absl::Status Outbox::ShowReaders(db::Tx& tx, int64_t unread_deleted) {
  if (metrics_ == nullptr) return absl::OkStatus();
  metrics_->Count("slipway_events_unread_deleted_total",
                  "Events that were deleted although a known reader had not applied them.", {},
                  static_cast<double>(unread_deleted));
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result readers, tx.Exec(kReaders));
  for (const db::Row reader : readers) {
    metrics_->SetGauge("slipway_events_unread_seconds",
                       "Age of the oldest event that a reader had not applied.",
                       {{"reader", reader.GetString("reader")}},
                       std::max(0.0, static_cast<double>(reader.GetInt64("age"))));
  }
  return absl::OkStatus();
}

}  // namespace slipway::events
