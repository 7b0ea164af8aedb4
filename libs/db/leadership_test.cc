#include "libs/db/leadership.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

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

}  // namespace slipway::db
