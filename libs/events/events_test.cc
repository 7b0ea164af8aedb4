#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <map>
#include <stdexcept>

#include "absl/time/clock.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "libs/events/consumer_loop.h"
#include "libs/events/outbox.h"
#include "libs/telemetry/metrics.h"

namespace slipway::events {
namespace {

constexpr EmbeddedFile kEffects[] = {
    {"0001_effects.sql", "CREATE TABLE effects (n serial, subject text NOT NULL);"}};
constexpr db::Sql kEffect{"test.effect", "INSERT INTO effects (subject) VALUES ($1)"};

absl::Time Soon() { return absl::Now() + absl::Seconds(10); }

// An outbox as a source, as a gRPC stream would be one: woken by commits, ended by stop.
class OutboxSource final : public EventSource {
 public:
  OutboxSource(Outbox& outbox, int batch) : outbox_(outbox), batch_(batch) {}

  absl::Status Watch(Cursor after, const std::function<bool(std::vector<Event>)>& on_batch,
                     std::stop_token stop) override {
    ++connects;
    struct State {
      Mutex mu;
      std::condition_variable_any changed;
      bool woken = true;
    };
    auto state = std::make_shared<State>();
    const int64_t id = outbox_.Watch([state] {
      {
        MutexLock lock(state->mu);
        state->woken = true;
      }
      state->changed.notify_all();
    });
    const absl::Status status = Pump(after, on_batch, stop, *state);
    outbox_.Unwatch(id);
    return status;
  }

  std::atomic<int> connects{0};

 private:
  template <typename State>
  absl::Status Pump(Cursor after, const std::function<bool(std::vector<Event>)>& on_batch,
                    const std::stop_token& stop, State& state) {
    while (!stop.stop_requested()) {
      SLIPWAY_ASSIGN_OR_RETURN(auto events, outbox_.ReadAfter(after, batch_, Soon()));
      if (!events.empty()) {
        after = events.back().cursor;
        if (!on_batch(std::move(events))) return absl::OkStatus();
        continue;
      }
      std::unique_lock<Mutex> lock(state.mu);
      state.changed.wait(lock, stop, [&state] { return state.woken; });
      state.woken = false;
    }
    return absl::CancelledError("stopped");
  }

  Outbox& outbox_;
  const int batch_;
};

// A producer's database with its outbox, a consumer's database, and a loop between them.
struct Fixture {
  db::TestDatabase producer{{Migrations()}, "producer"};
  db::TestDatabase consumer{{Migrations(), {"effects", kEffects}}, "consumer"};
  Outbox outbox{producer.pool()};
  OutboxSource source{outbox, 100};
  telemetry::Metrics metrics{"test"};
  Mutex mu;
  std::condition_variable changed;
  std::map<std::string, int> handled;  // by subject, with the tries that failed

  Fixture() { outbox.Start(); }

  void Emit(const std::vector<std::string>& subjects) {
    const absl::Status status =
        db::RunTx(producer.pool(), "emit", absl::Seconds(10), [&](db::Tx& tx) -> absl::Status {
          for (const std::string& s : subjects) {
            SLIPWAY_RETURN_IF_ERROR(
                outbox.Append(tx, {.type = "thing.done", .subject = s, .payload = "p"}));
          }
          return absl::OkStatus();
        });
    INFO(status);
    REQUIRE(status.ok());
  }

  // All events after a place, once there are `count` of them: other tests' transactions in the
  // cluster may hold them back.
  std::vector<Event> Read(Cursor after, size_t count) {
    for (const absl::Time end = Soon(); absl::Now() < end;) {
      auto events = outbox.ReadAfter(after, 10, end);
      REQUIRE(events.ok());
      if (events->size() >= count) return *events;
      std::unique_lock<Mutex> lock(mu);
      changed.wait_for(lock, std::chrono::milliseconds(5));
    }
    FAIL("the events did not arrive");
    return {};
  }

  ConsumerOptions Options(const std::string& holder = "one") {
    return {.consumer = "test.effects",
            .source = "producer",
            .holder = holder,
            .max_tries = 3,
            .max_pause = absl::Milliseconds(20),
            .metrics = &metrics};
  }

  // Writes the effect, then does what `then` says, then counts the event as seen.
  ConsumerLoop::Handler Handler(std::function<absl::Status(const Event&)> then = nullptr) {
    return [this, then](db::Tx& tx, const Event& event) -> absl::Status {
      SLIPWAY_RETURN_IF_ERROR(tx.Exec(kEffect, event.subject).status());
      {
        MutexLock lock(mu);
        ++handled[event.subject];
      }
      const absl::Status status = then ? then(event) : absl::OkStatus();
      tx.OnCommit([this] { changed.notify_all(); });
      changed.notify_all();
      return status;
    };
  }

  // Waits until the consumer's cursor has reached the producer's last event.
  bool CaughtUp() {
    const std::string last = producer.Value("SELECT coalesce(max(seq), 0)::text AS v FROM events");
    for (const absl::Time end = Soon(); absl::Now() < end;) {
      if (consumer.Value("SELECT coalesce(max(seq), 0)::text AS v FROM event_cursors") == last)
        return true;
      std::unique_lock<Mutex> lock(mu);
      changed.wait_for(lock, std::chrono::milliseconds(20));
    }
    return false;
  }

  std::string Effects() {
    return consumer.Value(
        "SELECT coalesce(string_agg(subject, ',' ORDER BY n), '') AS v FROM effects");
  }
};

std::vector<std::string> Subjects(const std::vector<Event>& events) {
  std::vector<std::string> subjects;
  for (const Event& e : events) subjects.push_back(e.subject);
  return subjects;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "events are read in order from a cursor on") {
  Emit({"a", "b"});
  Emit({"c"});
  const auto all = Read({}, 3);
  CHECK(Subjects(all) == std::vector<std::string>{"a", "b", "c"});
  CHECK(all[0].payload == "p");
  CHECK(all[0].type == "thing.done");
  CHECK(absl::Now() - all[0].time < absl::Minutes(1));
  CHECK(Subjects(*outbox.ReadAfter(all[0].cursor, 1, Soon())) == std::vector<std::string>{"b"});
  CHECK(outbox.ReadAfter(all[2].cursor, 10, Soon())->empty());
}

TEST_CASE_METHOD(Fixture,
                 "the order of transactions is that of their numbers, not of their digits") {
  producer.Exec(
      "INSERT INTO events (xid, seq, type, subject, payload, trace_id) VALUES"
      " ('100', 3, 't', 'third', '', ''), ('99', 2, 't', 'second', '', ''), ('9', 1, 't', 'first', "
      "'', '')");
  const auto events = outbox.ReadAfter({}, 10, Soon());
  REQUIRE(events.ok());
  REQUIRE(events->size() == 3);
  CHECK((*events)[0].subject == "first");
  CHECK((*events)[1].subject == "second");
  CHECK((*events)[2].subject == "third");
  CHECK(outbox.ReadAfter((*events)[1].cursor, 10, Soon())->size() == 1);
}

TEST_CASE_METHOD(Fixture,
                 "an event of a transaction that commits late is neither lost nor overtaken") {
  std::promise<void> appended, may_commit;
  auto late = std::async(std::launch::async, [&] {
    return db::RunTx(producer.pool(), "late", absl::Seconds(20), [&](db::Tx& tx) -> absl::Status {
      const absl::Status status = outbox.Append(tx, {.type = "t", .subject = "late"});
      appended.set_value();
      may_commit.get_future().wait();
      return status;
    });
  });
  appended.get_future().wait();
  Emit({"early"});  // a higher number, visible first
  CHECK(outbox.ReadAfter({}, 10, Soon())->empty());
  ConsumerLoop loop(consumer.pool(), source, Handler(), Options());
  loop.Start();
  may_commit.set_value();
  CHECK(late.get().ok());
  CHECK(CaughtUp());
  CHECK(Effects() == "late,early");
}

TEST_CASE_METHOD(
    Fixture,
    "rows that wait for an older transaction arrive soon after its end, without a commit's wake") {
  // An old transaction that has nothing to do with events holds everything back; its end wakes
  // nobody.
  std::promise<void> has_xid, may_end;
  auto old = std::async(std::launch::async, [&] {
    return db::RunTx(consumer.pool(), "old", absl::Seconds(20), [&](db::Tx& tx) {
      const absl::Status status = tx.Exec(kEffect, "old").status();
      has_xid.set_value();
      may_end.get_future().wait();
      return status;
    });
  });
  has_xid.get_future().wait();
  ConsumerLoop loop(
      producer.pool(), source,
      [&](db::Tx& tx, const Event&) -> absl::Status {
        tx.OnCommit([this] { changed.notify_all(); });
        MutexLock lock(mu);
        ++handled["x"];
        return absl::OkStatus();
      },
      Options());
  loop.Start();
  Emit({"x"});
  may_end.set_value();
  CHECK(old.get().ok());
  std::unique_lock<Mutex> lock(mu);
  CHECK(changed.wait_for(lock, std::chrono::seconds(10), [&] { return handled["x"] > 0; }));
}

TEST_CASE_METHOD(Fixture,
                 "each event takes effect once, in order, also over restarts of the consumer") {
  {
    ConsumerLoop loop(consumer.pool(), source, Handler(), Options());
    loop.Start();
    Emit({"a", "b"});
    CHECK(CaughtUp());
  }
  Emit({"c"});
  ConsumerLoop loop(consumer.pool(), source, Handler(), Options("other"));
  loop.Start();
  Emit({"d"});
  CHECK(CaughtUp());
  CHECK(Effects() == "a,b,c,d");
}

TEST_CASE_METHOD(
    Fixture, "a killed consumer that comes back under its name goes on at once under a new token") {
  REQUIRE(CursorRow(consumer.pool(), Options())
              .Take()
              ->has_value());  // the lease of one that was killed
  ConsumerLoop loop(consumer.pool(), source, Handler(), Options());
  loop.Start();
  Emit({"a"});
  CHECK(CaughtUp());
  CHECK(Effects() == "a");
  CHECK(consumer.Value("SELECT fence::text AS v FROM event_cursors") == "2");
}

TEST_CASE_METHOD(Fixture, "a poison event is put aside after its tries, and the rest goes on") {
  const auto poison = [](const Event& e) -> absl::Status {
    if (e.subject == "bad") return absl::InvalidArgumentError("malformed");
    if (e.subject == "worse") throw std::runtime_error("thrown");
    return absl::OkStatus();
  };
  Emit({"a", "bad", "b", "worse", "c"});
  ConsumerLoop loop(consumer.pool(), source, Handler(poison), Options());
  loop.Start();
  CHECK(CaughtUp());
  Emit({"d"});
  CHECK(CaughtUp());
  CHECK(Effects() == "a,b,c,d");
  CHECK(consumer.Value(
            "SELECT string_agg(subject || ' ' || tries || ' ' || error, '; ' ORDER BY seq) AS v "
            "FROM dead_events") == "bad 3 INVALID_ARGUMENT: malformed; worse 3 INTERNAL: thrown");
  CHECK_THAT(metrics.Serialize(), Catch::Contains("slipway_events_dead_total"));
}

TEST_CASE_METHOD(Fixture, "an event that fails a few times takes effect once") {
  std::atomic<int> failures{0};
  Emit({"a", "shy", "b"});
  ConsumerLoop loop(consumer.pool(), source, Handler([&](const Event& e) -> absl::Status {
                      if (e.subject == "shy" && ++failures <= 2)
                        return absl::InternalError("not yet");
                      return absl::OkStatus();
                    }),
                    Options());
  loop.Start();
  CHECK(CaughtUp());
  CHECK(Effects() == "a,shy,b");
  CHECK(consumer.Value("SELECT count(*)::text AS v FROM dead_events") == "0");
}

TEST_CASE_METHOD(Fixture, "an error that the handler swallowed is still the event's") {
  ConsumerLoop loop(
      consumer.pool(), source,
      [](db::Tx& tx, const Event& e) -> absl::Status {
        static constexpr db::Sql kBad{
            "test.bad",
            "INSERT INTO effects (subject) VALUES (CASE WHEN $1 = 'bad' THEN NULL ELSE $1 END)"};
        (void)tx.Exec(kBad, e.subject);
        return absl::OkStatus();
      },
      Options());
  Emit({"a", "bad", "b"});
  loop.Start();
  CHECK(CaughtUp());
  CHECK(Effects() == "a,b");
  CHECK(consumer.Value("SELECT string_agg(subject, ',') AS v FROM dead_events") == "bad");
}

TEST_CASE_METHOD(Fixture, "connections that are killed in the middle lose and double nothing") {
  std::atomic<int> kills{0};
  std::vector<std::string> subjects;
  std::string want;
  for (int i = 0; i < 40; ++i) {
    subjects.push_back("e" + std::to_string(i));
    want += (i > 0 ? "," : "") + subjects.back();
  }
  OutboxSource small(outbox, 3);
  ConsumerLoop loop(consumer.pool(), small, Handler([&](const Event& e) -> absl::Status {
                      if ((e.subject == "e7" || e.subject == "e20") && kills < 4) {
                        ++kills;
                        consumer.TerminateConnections();
                      }
                      if (e.subject == "e30" && kills < 6) {
                        ++kills;
                        producer.TerminateConnections();
                      }
                      return absl::OkStatus();
                    }),
                    Options());
  loop.Start();
  Emit(subjects);
  CHECK(CaughtUp());
  CHECK(Effects() == want);
  CHECK(kills == 5);
  CHECK(consumer.Value("SELECT count(*)::text AS v FROM dead_events") == "0");
}

TEST_CASE_METHOD(Fixture, "of two consumers on one cursor one works, and the other takes over") {
  ConsumerOptions first = Options("first"), second = Options("second");
  first.lease = second.lease = absl::Milliseconds(300);
  std::atomic<int> by_second{0};
  auto one = std::make_unique<ConsumerLoop>(consumer.pool(), source, Handler(), first);
  one->Start();
  Emit({"a"});
  CHECK(CaughtUp());
  ConsumerLoop two(consumer.pool(), source, Handler([&](const Event&) {
                     ++by_second;
                     return absl::OkStatus();
                   }),
                   second);
  two.Start();
  Emit({"b", "c"});
  CHECK(CaughtUp());
  CHECK(by_second == 0);
  one.reset();
  Emit({"d"});
  CHECK(CaughtUp());
  CHECK(by_second == 1);
  CHECK(Effects() == "a,b,c,d");
}

TEST_CASE_METHOD(Fixture,
                 "a consumer whose lease was taken between two batches writes nothing more") {
  Emit({"a", "b"});
  const auto events = Read({}, 2);

  // Delivers the second event after another process has taken the lease, as a paused process would
  // see it.
  class Thief final : public EventSource {
   public:
    Thief(db::TestDatabase& db, std::vector<Event> events) : db_(db), events_(std::move(events)) {}
    absl::Status Watch(Cursor, const std::function<bool(std::vector<Event>)>& on_batch,
                       std::stop_token) override {
      first = on_batch({events_[0]});
      db_.Exec(
          "UPDATE event_cursors SET fence = fence + 1, lease_holder = 'thief',"
          " lease_until = now() + '1 hour'");
      second = on_batch({events_[1]});
      done.set_value();
      return absl::UnavailableError("gone");
    }
    bool first = false;
    bool second = true;
    std::promise<void> done;

   private:
    db::TestDatabase& db_;
    const std::vector<Event> events_;
  };
  Thief thief(consumer, events);
  ConsumerLoop loop(consumer.pool(), thief, Handler(), Options());
  loop.Start();
  thief.done.get_future().wait();
  loop.Stop();
  CHECK(thief.first);
  CHECK_FALSE(thief.second);
  CHECK(Effects() == "a");
  CHECK(consumer.Value("SELECT lease_holder AS v FROM event_cursors") == "thief");
}

TEST_CASE_METHOD(Fixture, "a lease can be taken, renewed and read by its holder alone") {
  CursorRow mine(consumer.pool(), Options("one"));
  const ConsumerOptions other_options = Options("two");
  CursorRow other(consumer.pool(), other_options);
  const auto lease = mine.Take();
  REQUIRE(lease.ok());
  CHECK_FALSE(other.Take()->has_value());
  CHECK(mine.Renew((*lease)->fence).ok());
  mine.GiveUp((*lease)->fence);
  CHECK(other.Take()->has_value());
  CHECK(IsLeaseLost(mine.Renew((*lease)->fence)));
  CHECK(IsLeaseLost(mine.Read((*lease)->fence).status()));
}

TEST_CASE_METHOD(Fixture, "clean-up spares young events and those that a reader has not passed") {
  Emit({"a", "b", "c"});
  const auto events = Read({}, 3);
  CHECK(*outbox.Prune(absl::Now() - absl::Hours(1), 100, Soon()) == 0);
  REQUIRE(outbox.NoteReader("trigger", events[1].cursor, Soon()).ok());
  REQUIRE(outbox.NoteReader("gitops", events[0].cursor, Soon()).ok());
  const absl::Time later = absl::Now() + absl::Hours(1);
  CHECK(*outbox.Prune(later, 100, Soon()) == 1);
  REQUIRE(outbox.NoteReader("gitops", events[2].cursor, Soon()).ok());
  CHECK(*outbox.Prune(later, 100, Soon()) == 1);
  CHECK(Subjects(Read({}, 1)) == std::vector<std::string>{"c"});
}

TEST_CASE_METHOD(Fixture, "what waits for a reader for too long goes all the same") {
  Emit({"a", "b"});
  const auto events = Read({}, 2);
  REQUIRE(outbox.NoteReader("gone", {}, Soon()).ok());
  REQUIRE(outbox.NoteReader("gitops", events[0].cursor, Soon()).ok());
  const absl::Time later = absl::Now() + absl::Hours(1);
  CHECK(*outbox.Prune(later, 100, Soon()) == 0);
  CHECK(*outbox.Prune(later + Outbox::kKeptForReader - absl::Hours(2), 100, Soon()) == 0);
  CHECK(*outbox.Prune(later + Outbox::kKeptForReader, 1, Soon()) == 1);
  CHECK(Subjects(Read({}, 1)) == std::vector<std::string>{"b"});
  CHECK(*outbox.Prune(later + Outbox::kKeptForReader, 100, Soon()) == 1);
  CHECK(outbox.NoteReader(std::string(101, 'x'), {}, Soon()).code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE_METHOD(Fixture,
                 "a reader that stays behind shows in the metrics, and so does what it lost") {
  telemetry::Metrics own("build");
  Outbox shown(producer.pool(), &own);
  Emit({"a", "b"});
  const auto events = Read({}, 2);
  REQUIRE(shown.NoteReader("behind", {}, Soon()).ok());
  REQUIRE(shown.NoteReader("up-to-date", events[1].cursor, Soon()).ok());
  producer.Exec("UPDATE events SET created_at = now() - interval '1 day'");
  const auto has = [&](const std::string& line) {
    INFO(own.Serialize());
    CHECK(own.Serialize().find(line) != std::string::npos);
  };
  REQUIRE(shown.Prune(absl::Now() - absl::Hours(24 * 30), 100, Soon()).ok());
  has("slipway_events_unread_seconds{service=\"build\",reader=\"behind\"} 86400");
  has("slipway_events_unread_seconds{service=\"build\",reader=\"up-to-date\"} 0");
  has("slipway_events_unread_deleted_total{service=\"build\"} 0");
  producer.Exec("UPDATE events SET created_at = now() - interval '1 year'");
  REQUIRE(*shown.Prune(absl::Now() - absl::Hours(24 * 30), 100, Soon()) == 2);
  has("slipway_events_unread_seconds{service=\"build\",reader=\"behind\"} 0");
  has("slipway_events_unread_deleted_total{service=\"build\"} 2");
}

TEST_CASE_METHOD(Fixture, "events of a transaction that rolls back do not exist") {
  (void)db::RunTx(producer.pool(), "rollback", absl::Seconds(5), [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_RETURN_IF_ERROR(outbox.Append(tx, {.type = "t", .subject = "x"}));
    return absl::AbortedError("no");
  });
  CHECK(outbox.ReadAfter({}, 10, Soon())->empty());
}

}  // namespace slipway::events
