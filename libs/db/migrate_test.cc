#include "libs/db/migrate.h"

#include <catch2/catch.hpp>
#include <future>
#include <vector>

#include "absl/time/clock.h"
#include "libs/db/testing/test_database.h"

namespace slipway::db {
namespace {

using Files = std::vector<EmbeddedFile>;

const EmbeddedFile kOne{"0001_one.sql", "CREATE TABLE one (id int); INSERT INTO one VALUES (1);"};
const EmbeddedFile kTwo{"0002_two.sql", "ALTER TABLE one ADD COLUMN name text;"};

struct Fixture {
  TestDatabase db;

  absl::Status Apply(const Files& files, const std::string& set = "auth") {
    return Migrate({.dsn = db.dsn(), .schema = "auth \"x\""}, {{set, files}});
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "migrations are applied once, in order, and newer ones later") {
  REQUIRE(Apply({kOne}).ok());
  REQUIRE(Apply({kOne, kTwo}).ok());
  REQUIRE(Apply({kOne, kTwo}).ok());
  CHECK(db.Value("SELECT count(*)::text AS v FROM \"auth \"\"x\"\"\".one") == "1");
  CHECK(db.Value("SELECT count(*)::text AS v FROM \"auth \"\"x\"\"\".schema_migrations") == "2");
}

TEST_CASE_METHOD(Fixture, "sets of several areas count their versions apart") {
  const EmbeddedFile other{"0001_other.sql", "CREATE TABLE other (id int);"};
  const Files one = {kOne}, two = {other};
  REQUIRE(Migrate({.dsn = db.dsn(), .schema = "s"}, {{"auth", one}, {"journal", two}}).ok());
  CHECK(db.Value("SELECT string_agg(set_name || version, ',' ORDER BY set_name) AS v "
                 "FROM s.schema_migrations") == "auth1,journal1");
}

TEST_CASE_METHOD(Fixture, "a migration that fails leaves nothing of itself, and says which it is") {
  const EmbeddedFile bad{"0002_bad.sql", "CREATE TABLE half (id int); SELECT nonsense;"};
  const absl::Status status = Apply({kOne, bad});
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()), Catch::Contains("0002_bad.sql"));
  CHECK(db.Value("SELECT count(*)::text AS v FROM pg_class WHERE relname = 'half'") == "0");
  CHECK(Apply({kOne, kTwo}).ok());
}

TEST_CASE_METHOD(Fixture, "a changed migration and an unknown newer version are refused") {
  REQUIRE(Apply({kOne, kTwo}).ok());
  const absl::Status changed = Apply({{"0001_one.sql", "CREATE TABLE uno (id int);"}, kTwo});
  CHECK(changed.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(changed.message()), Catch::Contains("0001_one.sql"));
  const absl::Status older = Apply({kOne});
  CHECK(older.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(older.message()), Catch::Contains("version 2 (0002_two.sql)"));
  CHECK(Apply({{"0002_gap.sql", ""}}, "gap").code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE_METHOD(Fixture, "processes that start together migrate once") {
  std::vector<std::future<absl::Status>> runs;
  for (int i = 0; i < 6; ++i) {
    runs.push_back(std::async(std::launch::async, [&] { return Apply({kOne, kTwo}); }));
  }
  for (auto& run : runs) {
    const absl::Status status = run.get();
    INFO(status);
    CHECK(status.ok());
  }
}

TEST_CASE("waiting for a database ends in time, or when it is asked to stop") {
  const absl::Status late =
      Migrate({.dsn = "host=/nonexistent", .schema = "s", .wait = absl::Milliseconds(100)}, {});
  CHECK(late.code() == absl::StatusCode::kUnavailable);
  std::stop_source stop;
  auto run = std::async(std::launch::async, [&] {
    return Migrate({.dsn = "host=/nonexistent", .schema = "s", .wait = absl::Minutes(5),
                    .stop = stop.get_token()}, {});
  });
  stop.request_stop();
  CHECK(run.get().code() == absl::StatusCode::kCancelled);
}

}  // namespace slipway::db
