#include "libs/service/audit_outbox.h"

#include <chrono>

#include "absl/time/clock.h"
#include "embed/service_sql.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/log/log.h"
#include "libs/rpc/timestamp.h"

namespace slipway::service {
namespace {

namespace authpb = slipway::auth::v1;

constexpr db::Sql kInsert{"audit_outbox.insert",
                          "INSERT INTO audit_outbox (id, entry) VALUES ($1, $2)"};
constexpr db::Sql kRead{"audit_outbox.read",
                        "SELECT id, entry FROM audit_outbox ORDER BY id LIMIT 256"};
constexpr db::Sql kDelete{"audit_outbox.delete",
                          "DELETE FROM audit_outbox WHERE id = ANY($1::text[])"};
constexpr absl::Duration kTimeout = absl::Seconds(5);

}  // namespace

std::span<const EmbeddedFile> AuditOutbox::Migrations() { return embedded::kFiles; }

AuditOutbox::AuditOutbox(db::Pool& pool, Clock& clock, std::string service, AuditAppend append)
    : pool_(pool),
      clock_(clock),
      service_(std::move(service)),
      append_(std::move(append)),
      sender_([this](const std::stop_token& stop) { Send(stop); }) {}

AuditOutbox::~AuditOutbox() = default;

absl::Status AuditOutbox::Insert(db::Tx& tx, const rpc::AuditRecord& record) {
  authpb::AuditEntry entry;
  const absl::Time now = clock_.Now();
  entry.set_id(NewUlid(now));
  *entry.mutable_time() = rpc::ToTimestamp(now);
  entry.set_actor(record.actor);
  entry.set_method(record.method);
  entry.set_resource(record.resource);
  entry.set_outcome(record.outcome);
  entry.set_request_id(record.request_id);
  entry.set_address(record.address);
  entry.set_service(service_);
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kInsert, entry.id(), db::Bytes{entry.SerializeAsString()}).status());
  tx.OnCommit([this] {
    {
      MutexLock lock(mu_);
      pending_ = true;
    }
    wake_.notify_one();
  });
  return absl::OkStatus();
}

absl::Status AuditOutbox::Append(db::Tx& tx, rpc::CallContext& call, const std::string& resource) {
  call.audited = true;
  return Insert(tx, {call.actor, call.method, resource.empty() ? call.resource : resource, "OK",
                     call.request_id, call.address});
}

void AuditOutbox::Record(const rpc::AuditRecord& record) {
  const absl::Status status =
      db::RunTx(pool_, "audit.record", kTimeout, [&](db::Tx& tx) { return Insert(tx, record); });
  if (!status.ok()) {
    log::Error(
        "audit.not_recorded", MessageOf(status),
        {{"method", record.method}, {"resource", record.resource}, {"outcome", record.outcome}});
  }
}

absl::StatusOr<int> AuditOutbox::SendBatch() {
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      db::RunTx(pool_, "audit.read", kTimeout, [&](db::Tx& tx) { return tx.Exec(kRead); }));
  if (rows.empty()) return 0;
  std::vector<authpb::AuditEntry> entries;
  std::vector<std::string> ids;
  for (const db::Row& row : rows) {
    ids.push_back(row.GetString("id"));
    if (!entries.emplace_back().ParseFromString(row.GetBytes("entry"))) entries.pop_back();
  }
  SLIPWAY_RETURN_IF_ERROR(append_(entries));
  SLIPWAY_RETURN_IF_ERROR(db::RunTx(pool_, "audit.delete", kTimeout,
                                    [&](db::Tx& tx) { return tx.Exec(kDelete, ids).status(); }));
  return rows.size();
}

void AuditOutbox::Send(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mu_);
      wake_.wait_for(lock, stop, std::chrono::seconds(30), [this] { return pending_; });
      if (stop.stop_requested()) return;
      pending_ = false;
    }
    // Several entries share one call: those that come while one is under way.
    absl::StatusOr<int> sent = SendBatch();
    while (sent.ok() && *sent > 0 && !stop.stop_requested()) sent = SendBatch();
    if (!sent.ok()) {
      std::unique_lock lock(mu_);
      wake_.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
      pending_ = true;
    }
  }
}

}  // namespace slipway::service
