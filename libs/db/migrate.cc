#include "libs/db/migrate.h"

#include <condition_variable>
#include <map>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/connection.h"
#include "libs/log/log.h"

namespace slipway::db {
namespace {

constexpr char kTable[] = R"(
CREATE TABLE IF NOT EXISTS schema_migrations (
  set_name text NOT NULL,
  version integer NOT NULL,
  file text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (set_name, version)
))";
constexpr Sql kLock{"migrations.lock",
                    "SELECT pg_advisory_lock(hashtextextended('slipway migrations ' || $1, 0))"};
constexpr Sql kHasSchema{"migrations.has_schema",
                         "SELECT count(*) AS n FROM pg_namespace WHERE nspname = $1"};
constexpr Sql kApplied{"migrations.applied",
                       "SELECT version, file, checksum FROM schema_migrations WHERE set_name = $1"};
constexpr Sql kInsert{"migrations.insert",
                      "INSERT INTO schema_migrations (set_name, version, file, checksum) "
                      "VALUES ($1, $2, $3, $4)"};

std::string Quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

absl::StatusOr<std::unique_ptr<Connection>> ConnectWithin(const MigrateOptions& options) {
  const absl::Time give_up = absl::Now() + options.wait;
  absl::Duration pause = absl::Milliseconds(20);
  Mutex mu;
  std::condition_variable_any stopped;
  bool said = false;
  for (;;) {
    auto connection = Connection::Open({.dsn = options.dsn, .schema = options.schema});
    if (connection.ok() || absl::Now() + pause > give_up) return connection;
    if (!said) {
      said = true;
      log::Warn("db.waiting", "the database does not answer yet",
                {{"reason", std::string(connection.status().message())}});
    }
    std::unique_lock<Mutex> lock(mu);
    stopped.wait_for(lock, options.stop, absl::ToChronoMilliseconds(pause), [] { return false; });
    if (options.stop.stop_requested())
      return absl::CancelledError("stopped while waiting for the database");
    pause = std::min(pause * 2, absl::Seconds(1));
  }
}

absl::Status Refuse(const MigrationSet& set, std::string_view problem) {
  return absl::FailedPreconditionError("migrations of " + std::string(set.name) + ": " +
                                       std::string(problem));
}

absl::StatusOr<int> VersionOf(const MigrationSet& set, size_t index) {
  const std::string_view name = set.files[index].name;
  int version = 0;
  if (!absl::SimpleAtoi(ToAbsl(name.substr(0, name.find('_'))), &version) ||
      version != static_cast<int>(index) + 1) {
    return Refuse(
        set, "\"" + std::string(name) + "\" should have the number " + std::to_string(index + 1));
  }
  return version;
}

absl::Status ApplyFile(Connection& connection, const MigrationSet& set, int version,
                       const EmbeddedFile& file, const std::string& checksum) {
  const absl::Status status = [&]() -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(connection.Begin(absl::Minutes(10)));
    SLIPWAY_RETURN_IF_ERROR(connection.ExecScript(file.text));
    SLIPWAY_RETURN_IF_ERROR(
        connection.Exec(kInsert, {set.name, version, file.name, checksum}).status());
    return connection.Commit();
  }();
  if (status.ok()) {
    log::Info("db.migrated", "applied a migration", {{"set", set.name}, {"file", file.name}});
    return status;
  }
  connection.Rollback();
  return absl::Status(status.code(), "migration " + std::string(set.name) + "/" +
                                         std::string(file.name) + ": " +
                                         std::string(status.message()));
}

absl::Status ApplySet(Connection& connection, const MigrationSet& set) {
  SLIPWAY_ASSIGN_OR_RETURN(const Result rows, connection.Exec(kApplied, {set.name}));
  std::map<int, std::string> applied;
  for (const Row row : rows) {
    const int version = row.GetInt("version");
    if (version > static_cast<int>(set.files.size())) {
      return Refuse(set, "the database has version " + std::to_string(version) + " (" +
                             row.GetString("file") + "), this program knows " +
                             std::to_string(set.files.size()) + "; start a newer program");
    }
    applied[version] = row.GetString("checksum");
  }
  for (size_t i = 0; i < set.files.size(); ++i) {
    SLIPWAY_ASSIGN_OR_RETURN(const int version, VersionOf(set, i));
    const std::string checksum = Sha256Hex(set.files[i].text);
    const auto known = applied.find(version);
    if (known == applied.end()) {
      if (!applied.empty() && applied.rbegin()->first > version) {
        return Refuse(set, "version " + std::to_string(version) + " is missing below " +
                               std::to_string(applied.rbegin()->first));
      }
      SLIPWAY_RETURN_IF_ERROR(ApplyFile(connection, set, version, set.files[i], checksum));
    } else if (known->second != checksum) {
      return Refuse(set, std::string(set.files[i].name) +
                             " differs from what was applied; add a new file instead");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(const MigrateOptions& options, const std::vector<MigrationSet>& sets) {
  SLIPWAY_ASSIGN_OR_RETURN(auto connection, ConnectWithin(options));
  // Another process's migrations may take long.
  SLIPWAY_RETURN_IF_ERROR(connection->ExecScript("SET statement_timeout = 0"));
  // The lock ends with the connection.
  SLIPWAY_RETURN_IF_ERROR(connection->Exec(kLock, {options.schema}).status());
  SLIPWAY_ASSIGN_OR_RETURN(const Result has, connection->Exec(kHasSchema, {options.schema}));
  if (has[0].GetInt64("n") == 0) {
    SLIPWAY_RETURN_IF_ERROR(connection->ExecScript("CREATE SCHEMA " + Quoted(options.schema)));
  }
  SLIPWAY_RETURN_IF_ERROR(connection->ExecScript(kTable));
  for (const MigrationSet& set : sets) SLIPWAY_RETURN_IF_ERROR(ApplySet(*connection, set));
  return absl::OkStatus();
}

}  // namespace slipway::db
