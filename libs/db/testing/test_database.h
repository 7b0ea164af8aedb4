#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/db/migrate.h"
#include "libs/db/pool.h"

namespace slipway::db {

// A fresh database for one test case in the cluster that ctest started (slipway_test(...
// POSTGRES)); dropped at the end, with whatever connections are left. A cluster that is not there
// aborts the test with a sentence that says so.
class TestDatabase {
 public:
  // Applies `sets` in the schema `schema`.
  explicit TestDatabase(const std::vector<MigrationSet>& sets = {}, std::string schema = "test");
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const std::string& dsn() const { return dsn_; }
  const std::string& schema() const { return schema_; }
  Pool& pool() { return *pool_; }

  // Runs statements in the schema, outside the pool; aborts the test on an error.
  void Exec(const std::string& script);
  // One value (first row, first column "v"): Value("SELECT count(*)::text AS v FROM runs").
  std::string Value(const std::string& query);
  // Ends all connections to this database but those of Exec and Value, as a crash of PostgreSQL's
  // backends would.
  void TerminateConnections();

 private:
  std::string name_;
  std::string schema_;
  std::string dsn_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace slipway::db
