#include <catch2/catch.hpp>

#include "deploy/local/githost/bare_repository.h"
#include "deploy/local/githost/delivery_queue.h"
#include "deploy/local/githost/push_record.h"
#include "deploy/local/githost/repository_path.h"
#include "deploy/local/githost/sent_refs.h"
#include "libs/base/clock.h"
#include "libs/base/file.h"

namespace slipway::githost {
namespace {

const std::string kA(40, 'a');
const std::string kB(40, 'b');
const std::string kC(40, 'c');
const std::string kNone(kNoObject);

RefUpdate Update(char id, std::string before, std::string after,
                 std::string ref = "refs/heads/main") {
  return {std::string(26, id), std::move(before), std::move(after), std::move(ref)};
}

PushRecord Record(std::vector<RefUpdate> updates, std::string repository = "demo/hello.git") {
  return {1'700'000'000'000'000, std::move(repository), "slipway", std::move(updates)};
}

TEST_CASE("Only <group>/<name>.git names a repository") {
  for (const char* good : {"demo/hello.git", "a/b.git", "gitops/desired.git", "0/x.y_z-1.git"})
    CHECK(IsRepositoryPath(good));
  for (const char* bad :
       {"", "hello.git", "demo/hello", "demo/.git", "demo/..git", "../hello.git", "demo/../x.git",
        "Demo/hello.git", "demo/a/b.git", "/demo/hello.git", "demo/hello.git/", "de mo/hello.git",
        "demo/-x.git", "-d/x.git", ".n/x.git"}) {
    INFO(bad);
    CHECK_FALSE(IsRepositoryPath(bad));
  }
  CHECK_FALSE(IsRepositoryPath(std::string(101, 'a') + "/x.git"));
}

TEST_CASE("A request path is taken apart or refused") {
  const auto path = ParseRequestPath("/demo/hello.git/info/refs");
  REQUIRE(path);
  CHECK(path->repository == "demo/hello.git");
  CHECK(path->rest == "info/refs");
  CHECK_FALSE(ParseRequestPath("/demo/hello.git"));
  CHECK_FALSE(ParseRequestPath("/../../etc/passwd"));
  CHECK_FALSE(ParseRequestPath("/demo/../demo/hello.git/info/refs"));
  CHECK_FALSE(ParseRequestPath(""));
}

TEST_CASE("A push record reads as it was written, and nothing else reads") {
  const PushRecord record =
      Record({Update('1', kNone, kA), Update('2', kA, kNone, "refs/tags/v1")});
  const auto read = ParsePushRecord(FormatPushRecord(record));
  REQUIRE(read.ok());
  CHECK(*read == record);
  for (const char* bad :
       {"", "slipway-push 2\n", "slipway-push 1\n", "slipway-push 1\npushed_at x\n",
        "slipway-push 1\nrepository a/b.git\nupdate 1 2 3 4\n", "slipway-push 1\nwhat is this\n"}) {
    INFO(bad);
    CHECK_FALSE(ParsePushRecord(bad).ok());
  }
}

TEST_CASE("The hook's input gives branches and tags, each with a delivery id of its own") {
  const auto updates = ParseHookInput(kNone + " " + kA + " refs/heads/main\n" + kA + " " + kB +
                                      " refs/notes/x\n" + kA + " " + kB + " refs/tags/v1\n");
  REQUIRE(updates.ok());
  REQUIRE(updates->size() == 2);
  CHECK((*updates)[1].ref == "refs/tags/v1");
  CHECK((*updates)[0].delivery_id != (*updates)[1].delivery_id);
  CHECK_FALSE(ParseHookInput("nonsense\n").ok());
  CHECK(ParseHookInput("")->empty());
}

TEST_CASE("The updates between two sets of refs create, move and delete") {
  const auto updates =
      UpdatesBetween({{"refs/heads/gone", kA}, {"refs/heads/main", kA}, {"refs/heads/same", kC}},
                     {{"refs/heads/main", kB}, {"refs/heads/new", kC}, {"refs/heads/same", kC}});
  REQUIRE(updates.size() == 3);
  CHECK((updates[0].ref == "refs/heads/main" && updates[0].before == kA && updates[0].after == kB));
  CHECK(
      (updates[1].ref == "refs/heads/new" && updates[1].before == kNone && updates[1].after == kC));
  CHECK((updates[2].ref == "refs/heads/gone" && updates[2].before == kA &&
         updates[2].after == kNone));
}

TEST_CASE("What was accepted of a repository survives a restart") {
  const auto dir = TempDir::Create("sent");
  REQUIRE(dir.ok());
  {
    SentRefs sent(dir->path());
    CHECK(sent.Load("demo/hello.git")->empty());
    REQUIRE(sent.Accept("demo/hello.git", Update('1', kNone, kA)).ok());
    REQUIRE(sent.Accept("demo/hello.git", Update('2', kNone, kB, "refs/heads/x")).ok());
    REQUIRE(sent.Accept("demo/hello.git", Update('3', kB, kNone, "refs/heads/x")).ok());
  }
  SentRefs again(dir->path());
  CHECK(*again.Load("demo/hello.git") == RefMap{{"refs/heads/main", kA}});
  CHECK(again.Load("demo/other.git")->empty());
}

TEST_CASE("Updates of one ref go in order, those of other refs do not wait for them") {
  const absl::Time now = absl::FromUnixSeconds(1);
  DeliveryQueue queue;
  queue.Add("1.push", Record({Update('1', kNone, kA)}));
  queue.Add("2.push", Record({Update('2', kA, kB)}));
  queue.Add("3.push", Record({Update('3', kNone, kA, "refs/heads/x")}));
  queue.Add("1.push", Record({Update('1', kNone, kA)}));

  const DeliveryQueue::Item first = *queue.NextDue(now);
  CHECK(first.update.delivery_id == std::string(26, '1'));
  queue.RetrySoon(first, now);
  const DeliveryQueue::Item other = *queue.NextDue(now);
  CHECK(other.update.delivery_id == std::string(26, '3'));
  CHECK(queue.Finish(other));
  CHECK(queue.NextDue(now) == nullptr);
  CHECK(queue.NextDueTime() == now + absl::Milliseconds(50));

  const DeliveryQueue::Item again = *queue.NextDue(now + absl::Milliseconds(50));
  CHECK(again.update.delivery_id == std::string(26, '1'));
  CHECK(queue.Finish(again));
  CHECK(queue.Finish(DeliveryQueue::Item(*queue.NextDue(now))));
  CHECK(queue.empty());
}

TEST_CASE("A record is over when its last update is") {
  DeliveryQueue queue;
  queue.Add("1.push", Record({Update('1', kNone, kA), Update('2', kNone, kA, "refs/tags/v1")}));
  CHECK_FALSE(queue.Finish(DeliveryQueue::Item(*queue.NextDue(absl::Now()))));
  CHECK(queue.Finish(DeliveryQueue::Item(*queue.NextDue(absl::Now()))));
}

TEST_CASE(
    "Waiting for the receiver doubles up to 5 s and ends when it is back, a refusal waits longer") {
  absl::Time now = absl::FromUnixSeconds(1);
  DeliveryQueue queue;
  queue.Add("1.push", Record({Update('1', kNone, kA)}));
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 9; ++i) {
    queue.RetrySoon(DeliveryQueue::Item(*queue.NextDue(now)), now);
    waits.push_back(queue.NextDueTime() - now);
    now = queue.NextDueTime();
  }
  CHECK(waits.front() == absl::Milliseconds(50));
  CHECK(waits[1] == absl::Milliseconds(100));
  CHECK(waits.back() == absl::Seconds(5));
  queue.RetrySoon(DeliveryQueue::Item(*queue.NextDue(now)), now);
  CHECK(queue.NextDue(now) == nullptr);
  queue.ReceiverIsBack();
  REQUIRE(queue.NextDue(now) != nullptr);

  queue.RetryLater(DeliveryQueue::Item(*queue.NextDue(now)), now);
  queue.ReceiverIsBack();
  CHECK(queue.NextDue(now) == nullptr);
}

TEST_CASE("What is queued counts as known to the receiver") {
  DeliveryQueue queue;
  queue.Add("1.push", Record({Update('1', kNone, kA)}));
  queue.Add("2.push", Record({Update('2', kA, kB)}));
  queue.Add("3.push", Record({Update('3', kNone, kC)}, "demo/other.git"));
  RefMap refs{{"refs/heads/old", kC}};
  queue.ApplyPending("demo/hello.git", refs);
  CHECK(refs == RefMap{{"refs/heads/main", kB}, {"refs/heads/old", kC}});
}

TEST_CASE("A new repository's HEAD follows the first pushed branch, an existing branch keeps it") {
  const auto dir = TempDir::Create("bare");
  REQUIRE(dir.ok());
  REQUIRE(CreateBareRepository(dir->path(), "demo/hello.git").ok());
  REQUIRE(CreateBareRepository(dir->path(), "demo/hello.git").ok());
  const std::string repository = dir->path() + "/demo/hello.git";
  REQUIRE(AdjustHead(repository, {Update('1', kNone, kA, "refs/tags/v1"),
                                  Update('2', kNone, kA, "refs/heads/trunk")})
              .ok());
  CHECK(*ReadFile(repository + "/HEAD") == "ref: refs/heads/trunk\n");
  REQUIRE(WriteFileAtomic(repository + "/packed-refs", kA + " refs/heads/trunk\n").ok());
  REQUIRE(AdjustHead(repository, {Update('3', kNone, kA, "refs/heads/other")}).ok());
  CHECK(*ReadFile(repository + "/HEAD") == "ref: refs/heads/trunk\n");
}

TEST_CASE("One push at a time holds a repository") {
  const auto dir = TempDir::Create("lock");
  REQUIRE(dir.ok());
  auto held = LockForPush(dir->path(), "demo/hello.git");
  REQUIRE(held.ok());
  CHECK(absl::IsUnavailable(LockForComparison(dir->path(), "demo/hello.git").status()));
  CHECK(LockForComparison(dir->path(), "demo/other.git").ok());
  held->Reset();
  CHECK(LockForComparison(dir->path(), "demo/hello.git").ok());
}

TEST_CASE("A repository's files are named after it, and no other name is taken for one") {
  CHECK(FileNameOf("demo/hello.git") == "demo@hello.git");
  CHECK(RepositoryOfFile("demo@hello.git") == "demo/hello.git");
  for (const char* name : {"", "hello.git", "demo@hello", "..@hello.git", "a@b@c.git"})
    CHECK(RepositoryOfFile(name).empty());
}

TEST_CASE("What a killed push left goes, and all else stays") {
  const auto dir = TempDir::Create("leftovers");
  REQUIRE(dir.ok());
  REQUIRE(CreateBareRepository(dir->path(), "demo/hello.git").ok());
  const std::string repository = dir->path() + "/demo/hello.git";
  const auto put = [&](const std::string& file) {
    REQUIRE(MakeDirectories(repository + "/" + file.substr(0, file.rfind('/') + 1)).ok());
    REQUIRE(WriteFileAtomic(repository + "/" + file, "x").ok());
    return repository + "/" + file;
  };
  const std::string gone[] = {put("HEAD.lock"), put("packed-refs.lock"),
                              put("refs/heads/feature/a.lock"),
                              put("objects/tmp_objdir-incoming-Ab1/pack/p.pack")};
  const std::string kept[] = {put("refs/heads/feature/lock"), put("refs/tags/v1"),
                              put("objects/pack/p.pack"), repository + "/HEAD"};
  REQUIRE(RemoveLeftovers(repository).ok());
  for (const std::string& path : gone) CHECK_FALSE(PathExists(path));
  CHECK_FALSE(PathExists(repository + "/objects/tmp_objdir-incoming-Ab1"));
  for (const std::string& path : kept) CHECK(PathExists(path));
}

}  // namespace
}  // namespace slipway::githost
