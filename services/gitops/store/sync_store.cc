#include "services/gitops/store/sync_store.h"

#include <array>
#include <utility>

#include "libs/base/status.h"

namespace slipway::gitops::syncs {
namespace {

using sync::Hold;

constexpr std::array<std::pair<Hold, const char*>, 5> kHolds = {
    {{Hold::kNone, "NONE"},
     {Hold::kSuspended, "SUSPENDED"},
     {Hold::kWindow, "WINDOW"},
     {Hold::kSelfHealOff, "SELF_HEAL_OFF"},
     {Hold::kBackOff, "BACK_OFF"}}};

constexpr db::Sql kEnsure{"syncs.ensure",
                          "INSERT INTO app_environments (project, app, environment, app_uid) "
                          "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"};
constexpr db::Sql kSuspend{
    "syncs.suspend",
    "UPDATE app_environments SET suspended_by = $4, suspended_at = date_trunc('milliseconds', "
    "now()), sync_asked_by = '', sync_asked_at = NULL, updated_at = now() WHERE project = $1 AND "
    "app = $2 AND environment = $3 AND suspended_by = ''"};
constexpr db::Sql kResume{
    "syncs.resume",
    "UPDATE app_environments SET suspended_by = '', suspended_at = NULL, updated_at = now() "
    "WHERE project = $1 AND app = $2 AND environment = $3 AND suspended_by <> ''"};
constexpr db::Sql kAsk{
    "syncs.ask",
    "UPDATE app_environments SET sync_asked_by = $4, sync_asked_at = clock_timestamp(), "
    "sync_asked_prune = $5, sync_revision = '', sync_failures = 0, sync_next = NULL, updated_at = now() WHERE project = "
    "$1 AND app = $2 AND environment = $3"};
constexpr db::Sql kAnswered{
    "syncs.answered",
    "UPDATE app_environments SET sync_asked_by = '', sync_asked_at = NULL, updated_at = now() "
    "WHERE project = $1 AND app = $2 AND environment = $3 AND sync_asked_at <= $4"};
constexpr db::Sql kSetRetry{
    "syncs.set_retry",
    "UPDATE app_environments SET sync_revision = $4, sync_failures = $5, sync_next = $6, "
    "updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kHasten{
    "syncs.hasten",
    "UPDATE app_environments SET sync_next = now() WHERE project = $1 AND app = $2 AND "
    "environment = $3 AND sync_failures > 0 AND sync_next <> 'infinity'"};
constexpr db::Sql kSetHold{
    "syncs.set_hold",
    "UPDATE app_environments SET sync_hold = $4, sync_hold_reason = $5, sync_hold_until = $6, "
    "updated_at = now() WHERE project = $1 AND app = $2 AND environment = $3"};
constexpr db::Sql kSetDefinition{
    "syncs.set_definition",
    "INSERT INTO definitions AS d (name, spec) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET "
    "spec = $2, updated_at = now() WHERE d.spec <> $2"};
constexpr db::Sql kGetDefinition{"syncs.get_definition",
                                 "SELECT spec FROM definitions WHERE name = $1"};

}  // namespace

SyncControl FromRow(const db::Row& row) {
  SyncControl control;
  control.suspended_by = row.GetString("suspended_by");
  control.suspended_at = row.GetTime("suspended_at");
  control.asked_by = row.GetString("sync_asked_by");
  control.asked_at = row.GetTime("sync_asked_at");
  control.asked_prune = row.GetBool("sync_asked_prune");
  control.retry.revision = row.GetString("sync_revision");
  control.retry.failures = row.GetInt("sync_failures");
  control.retry.next = row.GetOptionalTime("sync_next").value_or(absl::InfinitePast());
  const std::string hold = row.GetString("sync_hold");
  for (const auto& [known, name] : kHolds) {
    if (hold == name) control.held.hold = known;
  }
  control.held.reason = row.GetString("sync_hold_reason");
  control.held.until = row.GetOptionalTime("sync_hold_until").value_or(absl::InfiniteFuture());
  return control;
}

absl::Status EnsureRow(db::Tx& tx, const AppEnvironment& where, const std::string& app_uid) {
  return tx.Exec(kEnsure, where.project, where.app, where.environment, app_uid).status();
}

absl::StatusOr<bool> Suspend(db::Tx& tx, const AppEnvironment& where, const std::string& actor) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kSuspend, where.project, where.app, where.environment, actor));
  return rows.affected_rows() > 0;
}

absl::StatusOr<bool> Resume(db::Tx& tx, const AppEnvironment& where) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kResume, where.project, where.app, where.environment));
  return rows.affected_rows() > 0;
}

absl::Status Ask(db::Tx& tx, const AppEnvironment& where, const std::string& actor, bool prune) {
  return tx.Exec(kAsk, where.project, where.app, where.environment, actor, prune).status();
}

absl::Status Answered(db::Tx& tx, const AppEnvironment& where, absl::Time asked_at) {
  return tx.Exec(kAnswered, where.project, where.app, where.environment, asked_at).status();
}

absl::Status SetRetry(db::Tx& tx, const AppEnvironment& where, const sync::RetryState& retry) {
  std::optional<absl::Time> next;
  if (retry.failures > 0) next = retry.next;
  return tx
      .Exec(kSetRetry, where.project, where.app, where.environment, retry.revision, retry.failures,
            next)
      .status();
}

absl::Status Hasten(db::Tx& tx, const AppEnvironment& where) {
  return tx.Exec(kHasten, where.project, where.app, where.environment).status();
}

absl::Status SetHold(db::Tx& tx, const AppEnvironment& where, const HoldNote& note) {
  const char* name = "NONE";
  for (const auto& [hold, known] : kHolds) {
    if (hold == note.hold) name = known;
  }
  return tx
      .Exec(kSetHold, where.project, where.app, where.environment, name, note.reason, note.until)
      .status();
}

absl::Status SetDefinition(db::Tx& tx, const std::string& name, const std::string& spec) {
  return tx.Exec(kSetDefinition, name, db::Bytes{spec}).status();
}

absl::StatusOr<std::optional<std::string>> GetDefinition(db::Tx& tx, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kGetDefinition, name));
  if (rows.empty()) return std::nullopt;
  return rows[0].GetBytes("spec");
}

}  // namespace slipway::gitops::syncs
