#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "absl/time/clock.h"
#include "embed/gitops_sql.h"
#include "libs/db/run_tx.h"
#include "libs/db/testing/test_database.h"
#include "services/gitops/domain/cluster_leases.h"

namespace slipway::gitops {
namespace {

using Clusters = std::vector<std::string>;

constexpr absl::Duration kLease = absl::Milliseconds(900);

// One that shares clusters with others, without what works on them.
class Sharer {
 public:
  Sharer(db::TestDatabase& database, const std::string& instance)
      : leases(database.pool(), {.instance = instance, .lease = kLease, .heartbeat = kLease / 3},
               {.gained = [this](const std::string& cluster) { Note("+" + cluster); },
                .lost = [this](const std::string& cluster) { Note("-" + cluster); },
                .changed = [this] { Note(""); }}) {}
  ~Sharer() { leases.Stop(); }

  void Wants(const Clusters& clusters) {
    for (const std::string& cluster : clusters) CHECK_FALSE(leases.Holds(cluster));
    REQUIRE(Awaits(clusters));
  }
  bool Awaits(const Clusters& clusters, absl::Duration limit = absl::Seconds(10)) {
    const absl::Time deadline = absl::Now() + limit;
    std::unique_lock lock(mu_);
    while (leases.held() != clusters) {
      if (absl::Now() > deadline) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return true;
  }
  std::string told() {
    std::lock_guard lock(mu_);
    return told_;
  }

 private:
  void Note(const std::string& what) {
    std::lock_guard lock(mu_);
    told_ += what;
    changed_.notify_all();
  }

  std::mutex mu_;
  std::condition_variable changed_;
  std::string told_;

 public:
  ClusterLeases leases;
};

struct Bed {
  db::TestDatabase database{{{"gitops", embedded::kFiles}}, "gitops"};

  absl::Status Check(const ClusterLease& lease) {
    return db::RunTx(database.pool(), "test.check", absl::Seconds(5),
                     [&](db::Tx& tx) { return lease.Check(tx); });
  }
};

}  // namespace

TEST_CASE("a replica alone holds all clusters, and new ones as soon as they are asked for") {
  Bed bed;
  Sharer one(bed.database, "one");
  one.leases.Start();
  CHECK(one.leases.alone());
  CHECK_FALSE(one.leases.Holds("east"));
  CHECK(one.Awaits({"east"}));
  CHECK_FALSE(one.leases.Holds("west"));
  CHECK(one.Awaits({"east", "west"}));
  CHECK(one.told() == "+east+west");
  CHECK_FALSE(one.leases.Holds("local"));
  one.leases.Lead();
  CHECK(one.leases.Holds("local"));
}

TEST_CASE("one that joins gets its share when the work there has ended, and leaves it in order") {
  Bed bed;
  Sharer one(bed.database, "one"), two(bed.database, "two");
  one.leases.Start();
  one.Wants({"east", "west"});
  const auto lease = one.leases.LeaseOn("west");
  auto work = one.leases.Enter("west");
  REQUIRE(work);
  two.leases.Start();
  one.leases.Wake();
  // No new work begins, what has begun may end.
  while (one.leases.Enter("west")) absl::SleepFor(absl::Milliseconds(5));
  CHECK(lease->Valid());
  CHECK(bed.Check(*lease).ok());
  CHECK_FALSE(two.leases.Holds("west"));
  work.reset();
  CHECK(one.Awaits({"east"}));
  CHECK_FALSE(lease->Valid());
  CHECK_FALSE(bed.Check(*lease).ok());
  CHECK(two.Awaits({"west"}));
  CHECK(one.told().find("-west") != std::string::npos);

  two.leases.Stop();
  two.leases.Release();
  one.leases.Wake();
  CHECK(one.Awaits({"east", "west"}, absl::Milliseconds(500)));
}

TEST_CASE("what a killed replica held is taken when its lease ends, and it can't write before") {
  Bed bed;
  Sharer one(bed.database, "one");
  auto two = std::make_unique<Sharer>(bed.database, "two");
  one.leases.Start();
  one.Wants({"east", "west"});
  two->leases.Start();
  REQUIRE(two->Awaits({"west"}));
  const auto lease = two->leases.LeaseOn("west");
  const absl::Time killed = absl::Now();
  SECTION("killed") { two.reset(); }
  // Its threads stand still for a while.
  SECTION("stopped") { two->leases.Stop(); }
  CHECK(one.Awaits({"east", "west"}, kLease + absl::Seconds(2)));
  CHECK(absl::Now() - killed > kLease / 2);
  CHECK_FALSE(lease->Valid());
  CHECK_FALSE(bed.Check(*lease).ok());
}

TEST_CASE(
    "an instance that is restarted has its clusters back at once, and the one before does not") {
  Bed bed;
  Sharer before(bed.database, "one");
  before.leases.Start();
  before.Wants({"east"});
  const auto lease = before.leases.LeaseOn("east");
  Sharer after(bed.database, "one");
  after.leases.Start();
  CHECK(after.leases.Holds("east"));
  CHECK_FALSE(bed.Check(*lease).ok());
  // It has not ended, as it should have, and notices.
  CHECK(before.Awaits({}));
  CHECK_FALSE(lease->Valid());
  before.leases.Wake();
  CHECK(after.Awaits({"east"}));
}

TEST_CASE("leases that run out while the database is away are kept, if nobody took them") {
  Bed bed;
  Sharer one(bed.database, "one");
  one.leases.Start();
  one.Wants({"east"});
  const auto lease = one.leases.LeaseOn("east");
  bed.database.Exec("UPDATE cluster_leases SET expires_at = now() - interval '1 minute'");
  one.leases.Wake();
  while (bed.database.Value("SELECT (expires_at > now())::text AS v FROM cluster_leases") != "true")
    absl::SleepFor(absl::Milliseconds(5));
  CHECK(one.leases.LeaseOn("east") == lease);
  CHECK(lease->Valid());
  CHECK(one.told() == "+east");
}

TEST_CASE("clusters on which nothing is any more are no part of the shares") {
  Bed bed;
  bed.database.Exec(
      "INSERT INTO cluster_leases (cluster) VALUES ('east'), ('gone');"
      "INSERT INTO app_environments (project, app, environment, app_uid, last_number, cluster) "
      "VALUES ('p', 'a', 'e', 'u', 1, 'east')");
  Sharer one(bed.database, "one");
  one.leases.Start();
  CHECK(one.leases.held() == Clusters{"east"});
}

}  // namespace slipway::gitops
