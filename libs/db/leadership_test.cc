#include "libs/db/leadership.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"

namespace slipway::db {
namespace {

// One who wants to lead, and what it was told.
class Candidate {
 public:
  explicit Candidate(TestDatabase& database, const std::string& name = "loops")
      : leadership(database.pool().options(), name,
                   {.gained = [this] { Note("gained"); }, .lost = [this] { Note("lost"); }}) {}
  ~Candidate() { leadership.Stop(); }

  // What it was told after one more look.
  std::string Look() {
    leadership.Look();
    return told();
  }
  std::string told() {
    std::lock_guard lock(mu_);
    return told_;
  }
  bool AwaitGained() {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return told_ == "gained "; });
  }

 private:
  void Note(const std::string& what) {
    std::lock_guard lock(mu_);
    told_ += what + " ";
    changed_.notify_all();
  }

  std::mutex mu_;
  std::condition_variable changed_;
  std::string told_;

 public:
  Leadership leadership;
};

// A process that leads until it is killed.
class LeadingProcess {
 public:
  explicit LeadingProcess(TestDatabase& database) {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const PoolOptions options = database.pool().options();
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      Leadership leadership(options, "loops",
                            {.gained = [&] { (void)!::write(ready[1], "x", 1); }, .lost = [] {}});
      leadership.Start();
      while (true) ::pause();
    }
    char byte;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~LeadingProcess() { Kill(); }

  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace

TEST_CASE("a process that waits takes over when the one that leads is killed") {
  TestDatabase database;
  LeadingProcess leader(database);
  Candidate second(database);
  CHECK(second.Look().empty());
  second.leadership.Start();
  leader.Kill();
  CHECK(second.AwaitGained());
}

TEST_CASE("of several one leads, and each name has a leader of its own") {
  TestDatabase database;
  Candidate first(database), second(database), other(database, "other");
  CHECK(first.Look() == "gained ");
  CHECK(second.Look().empty());
  CHECK(other.Look() == "gained ");
  CHECK(first.Look() == "gained ");
}

TEST_CASE("a leader that stops in order leads until its work has ended") {
  TestDatabase database;
  Candidate first(database), second(database);
  first.leadership.Start();
  REQUIRE(first.AwaitGained());
  first.leadership.Stop();
  CHECK(second.Look().empty());
  first.leadership.Release();
  CHECK(second.Look() == "gained ");
}

TEST_CASE("a leader whose session broke goes on, unless another was faster") {
  TestDatabase database;
  Candidate first(database), second(database);
  REQUIRE(first.Look() == "gained ");
  database.TerminateConnections();
  SECTION("alone") {
    CHECK(first.Look() == "gained ");
    CHECK(second.Look().empty());
  }
  SECTION("after another") {
    CHECK(second.Look() == "gained ");
    CHECK(first.Look() == "gained lost ");
    second.leadership.Release();
    CHECK(first.Look() == "gained lost gained ");
  }
}

TEST_CASE("what one process tells is heard by all, and after a broken session that it was missed") {
  TestDatabase database;
  std::mutex mu;
  std::condition_variable changed;
  std::vector<std::string> heard;
  int missed = 0;
  const auto await = [&](const std::function<bool()>& good) {
    std::unique_lock lock(mu);
    return changed.wait_for(lock, std::chrono::seconds(10), good);
  };
  const auto tell = [&](const std::string& text) {
    const auto try_once = [&] {
      return RunTx(database.pool(), "tell", absl::Seconds(5),
                   [&](Tx& tx) { return Leadership::Tell(tx, "loops", text); });
    };
    // After TerminateConnections the first one finds out.
    CHECK((try_once().ok() || try_once().ok()));
  };
  Candidate leader(database);
  REQUIRE(leader.Look() == "gained ");
  Leadership listener(database.pool().options(), "loops",
                      {.gained = [] {},
                       .lost = [] {},
                       .heard =
                           [&](const std::string& text) {
                             std::lock_guard lock(mu);
                             heard.push_back(text);
                             changed.notify_all();
                           },
                       .missed =
                           [&] {
                             std::lock_guard lock(mu);
                             ++missed;
                             changed.notify_all();
                           }});
  listener.Look();
  listener.Start();
  tell("one");
  tell("two");
  CHECK(await([&] { return heard.size() == 2; }));
  CHECK(heard == std::vector<std::string>{"one", "two"});
  database.TerminateConnections();
  CHECK(await([&] { return missed == 1; }));
  const absl::Time stopped = absl::Now();
  tell("three");
  CHECK(await([&] { return heard.size() == 3; }));
  listener.Stop();
  CHECK(absl::Now() - stopped < absl::Milliseconds(700));
}

}  // namespace slipway::db
