#include "libs/db/testing/test_database.h"

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "libs/base/id.h"
#include "libs/db/connection.h"

namespace slipway::db {
namespace {

// Exec and Value of one thread survive the TerminateConnections of another.
constexpr char kSpared[] = " application_name=slipway_test_helper";

void OrDie(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "test database: %s\n", std::string(status.message()).c_str());
  std::abort();
}

std::string Dsn(const std::string& database) {
  const char* folder = std::getenv("SLIPWAY_TEST_PG");
  if (folder == nullptr) {
    OrDie(absl::FailedPreconditionError(
        "SLIPWAY_TEST_PG is not set: run the test by ctest, which starts PostgreSQL"));
  }
  return std::string("host=") + folder + " user=postgres dbname=" + database;
}

std::unique_ptr<Connection> Open(const std::string& dsn, const std::string& schema) {
  auto connection = Connection::Open({.dsn = dsn, .schema = schema});
  OrDie(connection.status());
  return *std::move(connection);
}

}  // namespace

TestDatabase::TestDatabase(const std::vector<MigrationSet>& sets, std::string schema)
    : name_("t_" + RandomHex(8)), schema_(std::move(schema)), dsn_(Dsn(name_)) {
  OrDie(Open(Dsn("postgres"), "public")->ExecScript("CREATE DATABASE " + name_));
  OrDie(Migrate({.dsn = dsn_, .schema = schema_}, sets));
  pool_ = std::make_unique<Pool>(PoolOptions{.dsn = dsn_, .schema = schema_});
}

TestDatabase::~TestDatabase() {
  pool_.reset();
  OrDie(Open(Dsn("postgres"), "public")->ExecScript("DROP DATABASE " + name_ + " WITH (FORCE)"));
}

void TestDatabase::Exec(const std::string& script) {
  OrDie(Open(dsn_ + kSpared, schema_)->ExecScript(script));
}

std::string TestDatabase::Value(const std::string& query) {
  const Sql sql{"test.value", query.c_str()};
  auto result = Open(dsn_ + kSpared, schema_)->Exec(sql, {});
  OrDie(result.status());
  return result->empty() ? "" : (*result)[0].GetString("v");
}

void TestDatabase::TerminateConnections() {
  Exec("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
       "WHERE datname = current_database() AND application_name <> 'slipway_test_helper'");
}

}  // namespace slipway::db
