#include "libs/db/db.h"

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/db/testing/test_database.h"
#include "libs/telemetry/metrics.h"

namespace slipway::db {
namespace {

constexpr EmbeddedFile kFiles[] = {
    {"0001_things.sql",
     "CREATE TABLE parents (id int CONSTRAINT parents_pkey PRIMARY KEY);"
     "CREATE TABLE things (name text CONSTRAINT things_name_key UNIQUE, n int CONSTRAINT "
     "things_n_check CHECK (n >= 0),"
     " parent int CONSTRAINT things_parent_fkey REFERENCES parents);"}};
constexpr Sql kInsert{"test.insert", "INSERT INTO things (name, n, parent) VALUES ($1, $2, $3)"};
constexpr Sql kCount{"test.count", "SELECT count(*) AS n FROM things"};
constexpr Sql kSleep{"test.sleep", "SELECT pg_sleep($1)"};

struct Fixture {
  TestDatabase db{{{"test", kFiles}}};

  absl::Status Insert(const std::string& name, std::optional<int> n, std::optional<int> parent) {
    return RunTx(db.pool(), "insert", absl::Seconds(5),
                 [&](Tx& tx) { return tx.Exec(kInsert, name, n, parent).status(); });
  }
  int64_t Count() {
    auto n = RunTx(db.pool(), "count", absl::Seconds(5), [&](Tx& tx) -> absl::StatusOr<int64_t> {
      SLIPWAY_ASSIGN_OR_RETURN(const Result rows, tx.Exec(kCount));
      return rows[0].GetInt64("n");
    });
    REQUIRE(n.ok());
    return *n;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "values of every type come back as they went in") {
  static constexpr Sql kEcho{
      "test.echo",
      "SELECT $1::text AS s, $2::bigint AS i, $3::float8 AS d, $4::bool AS b, $5::timestamptz AS t,"
      " $6::bytea AS bytes, $7::text[] AS list, $8::text AS absent, $9::interval = '1500 ms' AS "
      "took,"
      " $10::bigint = ANY ($11::bigint[]) AS member"};
  const absl::Time time = absl::FromUnixMicros(1'700'000'000'123'456);
  const std::string bytes("\0\x01\xfe\"'\\", 6);
  const std::vector<std::string> list = {"", "a,b", "\"q\"", "back\\slash", "{x}", "NULL", "zwölf"};
  const auto ok = RunTx(db.pool(), "echo", absl::Seconds(5), [&](Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(
        const Result rows, tx.Exec(kEcho, "it's", int64_t{-5}, 0.25, true, time, Bytes{bytes}, list,
                                   std::optional<std::string>(), absl::Milliseconds(1500), 3,
                                   std::vector<int64_t>{2, 3}));
    REQUIRE(rows.size() == 1);
    const Row row = rows[0];
    CHECK(row.GetString("s") == "it's");
    CHECK(row.GetInt64("i") == -5);
    CHECK(row.GetDouble("d") == 0.25);
    CHECK(row.GetBool("b"));
    CHECK(row.GetTime("t") == time);
    CHECK(row.GetBytes("bytes") == bytes);
    CHECK(row.GetTextArray("list") == list);
    CHECK(row.IsNull("absent"));
    CHECK(row.GetString("absent").empty());
    CHECK_FALSE(row.GetOptionalString("absent").has_value());
    CHECK(row.GetOptionalTime("t") == time);
    CHECK(row.GetBool("took"));
    CHECK(row.GetBool("member"));
    return absl::OkStatus();
  });
  INFO(ok);
  CHECK(ok.ok());
}

TEST_CASE_METHOD(Fixture, "violated constraints are told apart by code and name") {
  REQUIRE(Insert("a", 1, std::nullopt).ok());
  const absl::Status twice = Insert("a", 1, std::nullopt);
  CHECK(twice.code() == absl::StatusCode::kAlreadyExists);
  CHECK(ViolatedConstraint(twice) == "things_name_key");
  CHECK(twice.message().find("(a)") == std::string::npos);  // values stay out of texts
  const absl::Status orphan = Insert("b", 1, 7);
  CHECK(orphan.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ViolatedConstraint(orphan) == "things_parent_fkey");
  const absl::Status negative = Insert("c", -1, std::nullopt);
  CHECK(negative.code() == absl::StatusCode::kFailedPrecondition);
  CHECK(ViolatedConstraint(negative) == "things_n_check");
  CHECK(Insert(std::string("n\0l", 3), 1, std::nullopt).code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(Insert("\xff", 1, std::nullopt).code() == absl::StatusCode::kInvalidArgument);
  CHECK(ViolatedConstraint(absl::OkStatus()).empty());
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "an error rolls back, and hooks run after a commit only") {
  int woken = 0;
  const auto run = [&](const absl::Status& result) {
    return RunTx(db.pool(), "hook", absl::Seconds(5), [&](Tx& tx) -> absl::Status {
      tx.OnCommit([&] { woken += 1; });
      SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsert, "x", 1, std::nullopt).status());
      CHECK(woken == 0);
      return result;
    });
  };
  CHECK(run(absl::NotFoundError("no")).code() == absl::StatusCode::kNotFound);
  CHECK(woken == 0);
  CHECK(Count() == 0);
  CHECK(run(absl::OkStatus()).ok());
  CHECK(woken == 1);
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "a body that swallows an error does not commit") {
  const absl::Status status = RunTx(db.pool(), "swallow", absl::Seconds(5), [&](Tx& tx) {
    (void)tx.Exec(kInsert, "x", 1, std::nullopt);
    (void)tx.Exec(kInsert, "x", 1, std::nullopt);
    return absl::OkStatus();
  });
  CHECK(status.code() == absl::StatusCode::kAlreadyExists);
  CHECK(Count() == 0);
}

TEST_CASE_METHOD(Fixture, "a savepoint undoes its own part and the transaction goes on") {
  int woken = 0;
  const absl::Status status = RunTx(db.pool(), "savepoint", absl::Seconds(5), [&](Tx& tx) {
    CHECK(tx.Exec(kInsert, "x", 1, std::nullopt).ok());
    const absl::Status inner = tx.InSavepoint([&] {
      tx.OnCommit([&] { woken += 100; });
      CHECK(tx.Exec(kInsert, "y", 1, std::nullopt).ok());
      return tx.Exec(kInsert, "x", 1, std::nullopt).status();
    });
    CHECK(inner.code() == absl::StatusCode::kAlreadyExists);
    CHECK(tx.InSavepoint([&] { return tx.Exec(kInsert, "z", 1, std::nullopt).status(); }).ok());
    return absl::OkStatus();
  });
  CHECK(status.ok());
  CHECK(woken == 0);
  CHECK(Count() == 2);
}

TEST_CASE_METHOD(Fixture, "a statement ends with the deadline of its transaction") {
  const absl::Time start = absl::Now();
  const absl::Status status = RunTx(db.pool(), "slow", absl::Milliseconds(100),
                                    [&](Tx& tx) { return tx.Exec(kSleep, 30).status(); });
  CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(absl::Now() - start < absl::Seconds(5));
  CHECK(RunTx(db.pool(), "late", absl::ZeroDuration(), [&](Tx& tx) {
          return tx.Exec(kCount).status();
        }).code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(Count() == 0);  // the connection is usable after that
}

TEST_CASE_METHOD(Fixture, "a deadlock is run again until both have committed") {
  REQUIRE(Insert("a", 0, std::nullopt).ok());
  REQUIRE(Insert("b", 0, std::nullopt).ok());
  static constexpr Sql kAdd{"test.add", "UPDATE things SET n = n + 1 WHERE name = $1"};
  std::promise<void> has_a, has_b;
  int attempts_a = 0, attempts_b = 0;
  const auto run = [&](const char* first, const char* second, std::promise<void>& mine,
                       std::promise<void>& other, int& attempts) {
    return RunTx(db.pool(), "deadlock", absl::Seconds(20), [&](Tx& tx) -> absl::Status {
      SLIPWAY_RETURN_IF_ERROR(tx.Exec(kAdd, first).status());
      if (++attempts == 1) {
        mine.set_value();
        other.get_future().wait();
      }
      return tx.Exec(kAdd, second).status();
    });
  };
  auto other =
      std::async(std::launch::async, [&] { return run("b", "a", has_b, has_a, attempts_b); });
  const absl::Status one = run("a", "b", has_a, has_b, attempts_a);
  const absl::Status two = other.get();
  INFO(one << " / " << two);
  CHECK(one.ok());
  CHECK(two.ok());
  // Under load both may be picked as the victim, or meet once more.
  CHECK(attempts_a + attempts_b >= 3);
  CHECK(db.Value("SELECT string_agg(n::text, ',') AS v FROM things") == "2,2");
}

TEST_CASE_METHOD(Fixture, "ABORTED from the body itself is not run again") {
  int attempts = 0;
  const absl::Status status = RunTx(db.pool(), "etag", absl::Seconds(5), [&](Tx&) {
    ++attempts;
    return absl::AbortedError("etag mismatch");
  });
  CHECK(status.code() == absl::StatusCode::kAborted);
  CHECK(attempts == 1);
}

TEST_CASE_METHOD(Fixture, "idle connections that the server closed are replaced without an error") {
  CHECK(Count() == 0);
  db.TerminateConnections();
  CHECK(Count() == 0);
  CHECK(db.pool().open() == 1);
}

TEST_CASE_METHOD(Fixture, "what is read by one statement needs no transaction") {
  REQUIRE(Insert("a", 1, std::nullopt).ok());
  const auto read = [&](const Sql& sql) {
    return RunRead(db.pool(), "read", absl::Seconds(5), [&](Tx& tx) { return tx.Exec(sql); });
  };
  CHECK((*read(kCount))[0].GetInt64("n") == 1);
  db.TerminateConnections();
  CHECK((*read(kCount))[0].GetInt64("n") == 1);
  static constexpr Sql kDelete{"test.delete", "DELETE FROM things"};
  CHECK(read(kDelete).status().code() == absl::StatusCode::kInternal);
  const auto twice = RunRead(db.pool(), "twice", absl::Seconds(5), [&](Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kCount).status());
    return tx.Exec(kCount).status();
  });
  CHECK(twice.code() == absl::StatusCode::kInternal);
  CHECK(Count() == 1);
}

TEST_CASE_METHOD(Fixture, "a connection lost within a transaction is UNAVAILABLE and dropped") {
  const absl::Status status =
      RunTx(db.pool(), "lost", absl::Seconds(5), [&](Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsert, "x", 1, std::nullopt).status());
        db.TerminateConnections();
        return tx.Exec(kCount).status();
      });
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(db.pool().open() == 0);
  CHECK(Count() == 0);
}

TEST_CASE_METHOD(Fixture, "a connection lost during the commit leaves the outcome UNKNOWN") {
  const absl::Status status =
      RunTx(db.pool(), "doubt", absl::Seconds(5), [&](Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsert, "x", 1, std::nullopt).status());
        db.TerminateConnections();
        return absl::OkStatus();
      });
  CHECK(status.code() == absl::StatusCode::kUnknown);
}

TEST_CASE_METHOD(Fixture,
                 "who waits for a connection gets it when one is free, or an error in time") {
  telemetry::Metrics metrics("test");
  Pool pool({.dsn = db.dsn(), .schema = db.schema(), .max = 1, .metrics = &metrics});
  std::promise<void> holding, let_go;
  auto holder = std::async(std::launch::async, [&] {
    return RunTx(pool, "hold", absl::Seconds(20), [&](Tx& tx) {
      holding.set_value();
      let_go.get_future().wait();
      return tx.Exec(kCount).status();
    });
  });
  holding.get_future().wait();
  CHECK(pool.Ping(absl::Now() + absl::Milliseconds(50)).code() ==
        absl::StatusCode::kResourceExhausted);
  auto waiter =
      std::async(std::launch::async, [&] { return pool.Ping(absl::Now() + absl::Seconds(20)); });
  let_go.set_value();
  CHECK(holder.get().ok());
  CHECK(waiter.get().ok());
  CHECK(pool.open() == 1);
  CHECK_THAT(metrics.Serialize(), Catch::Contains("query=\"test.count\""));
}

TEST_CASE_METHOD(Fixture, "an idle pool shrinks to its minimum") {
  Pool pool({.dsn = db.dsn(), .schema = db.schema(), .min = 1, .idle = absl::ZeroDuration()});
  CHECK(pool.open() == 0);
  const absl::Status nested = RunTx(pool, "outer", absl::Seconds(5), [&](Tx&) {
    const absl::Status inner = pool.Ping(absl::Now() + absl::Seconds(5));
    return inner;
  });
  CHECK(nested.ok());
  CHECK(pool.Ping(absl::Now() + absl::Seconds(5)).ok());
  CHECK(pool.open() == 1);
  pool.Close();
  CHECK(pool.open() == 0);
  CHECK(pool.Ping(absl::Now() + absl::Seconds(5)).code() == absl::StatusCode::kUnavailable);
}

TEST_CASE("a database that is not there is UNAVAILABLE with the reason") {
  Pool pool({.dsn = "host=/nonexistent user=x dbname=x"});
  const absl::Status status = pool.Ping(absl::Now() + absl::Seconds(5));
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(status.message()), Catch::Contains("/nonexistent"));
  CHECK(pool.open() == 0);
}

}  // namespace slipway::db
