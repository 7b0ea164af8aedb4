#include "libs/journal/journal.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "libs/log/log.h"

namespace slipway::journal {
namespace {

struct Fixture {
  db::TestDatabase db{{Migrations()}};

  void Write(const Record& record) {
    const absl::Status status = db::RunTx(db.pool(), "append", absl::Seconds(5),
                                          [&](db::Tx& tx) { return Append(tx, record); });
    INFO(status);
    REQUIRE(status.ok());
  }
  std::vector<Record> Read(const Query& query) {
    auto records =
        db::RunTx(db.pool(), "list", absl::Seconds(5), [&](db::Tx& tx) { return List(tx, query); });
    INFO(records.status());
    REQUIRE(records.ok());
    return *records;
  }
  std::vector<std::string> Events(const Query& query) {
    std::vector<std::string> events;
    for (const Record& r : Read(query)) events.push_back(r.event);
    return events;
  }
};

const std::string kRun = "projects/demo/apps/hello/workflows/main/runs/7";

}  // namespace

TEST_CASE_METHOD(Fixture, "a record comes back as it was written") {
  Record r;
  r.subject = kRun;
  r.kind = "run";
  r.event = "match.skipped";
  r.verdict = Verdict::kSkipped;
  r.rule = "spec.source.branch";
  r.message = "The branch \"dev\" is not \"main\".";
  r.values = {{"ref", "dev"}, {"want", "ma\"in\\"}};
  r.related = {"deliveries/1", "odd {,\"} name"};
  r.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  r.project = "demo";
  r.app = "hello";
  r.time = absl::FromUnixMicros(1'700'000'000'123'456);
  Write(r);
  const auto records = Read({.subject = kRun});
  REQUIRE(records.size() == 1);
  const Record& back = records[0];
  CHECK(back.kind == r.kind);
  CHECK(back.event == r.event);
  CHECK(back.verdict == r.verdict);
  CHECK(back.rule == r.rule);
  CHECK(back.message == r.message);
  CHECK(back.values == r.values);
  CHECK(back.related == r.related);
  CHECK(back.trace_id == r.trace_id);
  CHECK(back.project == r.project);
  CHECK(back.app == r.app);
  CHECK(back.time == r.time);
}

TEST_CASE_METHOD(
    Fixture,
    "a subject finds itself, what lies below it and what names it, and nothing beside it") {
  Write({.subject = kRun, .event = "exact"});
  Write({.subject = kRun + "/jobs/build", .event = "below"});
  Write({.subject = kRun + "7", .event = "other"});
  Write({.subject = kRun + "-x", .event = "other"});
  Write({.subject = "deliveries/1", .event = "related", .related = {kRun}});
  CHECK(Events({.subject = kRun}) == std::vector<std::string>{"related", "below", "exact"});
  CHECK(Events({.subject = "projects/demo"}).size() == 4);
  CHECK(Events({.subject = "projects/%"}).empty());
}

TEST_CASE_METHOD(Fixture, "records are listed by trace, in pages, newest first") {
  {
    const log::Scope scope({.trace_id = "t1"});
    for (int i = 0; i < 5; ++i)
      Write({.subject = "runs/" + std::to_string(i), .event = std::to_string(i)});
  }
  Write({.subject = "runs/9", .event = "no trace"});
  Write({.subject = "runs/9", .event = "t2", .trace_id = "t2"});
  const auto first = Read({.trace_ids = {"t1", "t2"}, .limit = 4});
  REQUIRE(first.size() == 4);
  CHECK(first[0].event == "t2");
  CHECK(Events({.trace_ids = {"t1", "t2"}, .before_id = first[3].id}) ==
        std::vector<std::string>{"1", "0"});
  CHECK(Events({.trace_ids = {""}}).empty());
}

TEST_CASE_METHOD(Fixture, "what a stranger sent never fails the transaction that records it") {
  Record r;
  r.subject = "deliveries/1";
  r.event = "delivery.refused";
  r.message = std::string(5000, 'x') + "\xff";
  r.values = {{std::string("k\0\xfe", 3), std::string("v\0\xff", 3)},
              {"long", std::string(100000, 'y')}};
  Write(r);
  const auto records = Read({.subject = "deliveries/1"});
  REQUIRE(records.size() == 1);
  CHECK(records[0].message.size() <= 2010);
  CHECK(records[0].values.size() == 2);
}

TEST_CASE_METHOD(Fixture, "a decision of a transaction that rolls back is not recorded") {
  (void)db::RunTx(db.pool(), "rollback", absl::Seconds(5), [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(Append(tx, {.subject = "runs/1", .event = "x"}));
    return absl::AbortedError("no");
  });
  CHECK(Read({.subject = "runs/1"}).empty());
}

TEST_CASE_METHOD(Fixture, "old records are pruned in portions") {
  const absl::Time old = absl::Now() - absl::Hours(48);
  for (int i = 0; i < 3; ++i) Write({.subject = "runs/1", .event = "old", .time = old});
  Write({.subject = "runs/1", .event = "new"});
  const auto prune = [&] {
    return db::RunTx(db.pool(), "prune", absl::Seconds(5),
                     [&](db::Tx& tx) { return Prune(tx, absl::Now() - absl::Hours(24), 2); })
        .value();
  };
  CHECK(prune() == 2);
  CHECK(prune() == 1);
  CHECK(prune() == 0);
  CHECK(Events({.subject = "runs/1"}) == std::vector<std::string>{"new"});
}

}  // namespace slipway::journal
