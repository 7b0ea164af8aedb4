#include "libs/git/mirror.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/git/commit_builder.h"
#include "libs/git/mirror_store.h"
#include "libs/git/testing/git_server.h"

namespace slipway::git {
namespace {

struct Bed {
  GitServer server;
  TempDir dir = *TempDir::Create("mirror-test-");
  std::unique_ptr<GitCli> cli = *GitCli::Create({});
  std::string first;

  Bed() {
    server.CreateRepository("demo/hello");
    first = server.Commit("demo/hello", "main", {{"a.txt", "one\n"}}, "first");
  }
  std::unique_ptr<Mirror> Open() {
    auto mirror = Mirror::Open(*cli, dir.path() + "/m.git", server.Remote("demo/hello"));
    REQUIRE(mirror.ok());
    return *std::move(mirror);
  }
};

absl::StatusOr<std::string> Resolve(Mirror& mirror, const std::string& revision) {
  return mirror.Read([&](const Repository& repository) { return repository.Resolve(revision); });
}

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

TEST_CASE("A mirror follows its remote: new, moved, forced and deleted branches, and tags") {
  Bed bed;
  auto mirror = bed.Open();
  REQUIRE(mirror->Fetch().ok());
  CHECK(*Resolve(*mirror, "main") == bed.first);

  const std::string second =
      bed.server.Commit("demo/hello", "main", {{"a.txt", "two\n"}}, "second");
  bed.server.Git("demo/hello", {"branch", "feature/x", bed.first});
  bed.server.Git("demo/hello", {"tag", "-a", "v1", "-m", "release", second});
  REQUIRE(mirror->Fetch().ok());
  CHECK(*Resolve(*mirror, "main") == second);
  CHECK(*Resolve(*mirror, "feature/x") == bed.first);
  CHECK(*Resolve(*mirror, "v1") == second);

  bed.server.Git("demo/hello", {"update-ref", "refs/heads/main", bed.first});
  bed.server.Git("demo/hello", {"branch", "-D", "feature/x"});
  REQUIRE(mirror->Fetch().ok());
  CHECK(*Resolve(*mirror, "main") == bed.first);
  CHECK(ReasonOf(Resolve(*mirror, "feature/x").status()) == "GIT_REVISION_NOT_FOUND");
}

TEST_CASE("The default branch is the one that the remote names now") {
  Bed bed;
  auto mirror = bed.Open();
  CHECK(*mirror->DefaultBranch() == "main");
  bed.server.Commit("demo/hello", "next", {{"a.txt", "two\n"}}, "second");
  bed.server.Git("demo/hello", {"symbolic-ref", "HEAD", "refs/heads/next"});
  CHECK(*mirror->DefaultBranch() == "next");
  bed.server.CreateRepository("demo/empty");
  auto empty = Mirror::Open(*bed.cli, bed.dir.path() + "/e.git", bed.server.Remote("demo/empty"));
  REQUIRE(empty.ok());
  CHECK(ReasonOf((*empty)->DefaultBranch().status()) == "GIT_NO_DEFAULT_BRANCH");
}

TEST_CASE("An empty remote is fetched without an error") {
  Bed bed;
  bed.server.CreateRepository("demo/empty");
  auto mirror = Mirror::Open(*bed.cli, bed.dir.path() + "/e.git", bed.server.Remote("demo/empty"));
  REQUIRE(mirror.ok());
  CHECK((*mirror)->Fetch().ok());
}

TEST_CASE(
    "Credentials get in, wrong or missing ones are named as the cause, and none shows up in an "
    "error") {
  Bed bed;
  bed.server.RequirePassword("ada", "s3cret p@ss");
  auto mirror = bed.Open();
  CHECK(mirror->Fetch().ok());
  for (const auto& [username, password] : {std::pair("ada", "wr0ng-one"), std::pair("", "")}) {
    mirror->SetRemote({bed.server.Url("demo/hello"), username, password});
    const absl::Status status = mirror->Fetch();
    CHECK(ReasonOf(status) == "GIT_AUTHENTICATION_FAILED");
    CHECK(MessageOf(status).find("wr0ng-one") == std::string::npos);
  }
}

TEST_CASE("The cause of a failed fetch is told apart") {
  Bed bed;
  auto mirror = bed.Open();
  mirror->SetRemote(bed.server.Remote("demo/nothing"));
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_REPOSITORY_NOT_FOUND");
  mirror->SetRemote({"http://127.0.0.1:1/x.git", "", ""});
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_HOST_UNREACHABLE");
  mirror->SetRemote({"http://no-such-host.invalid/x.git", "", ""});
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_HOST_UNREACHABLE");
  mirror->SetRemote(bed.server.Remote("demo/hello"));
  bed.server.AnswerWith("403 Forbidden");
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_FORBIDDEN");
  bed.server.AnswerWith(
      "302 Found", "Location: http://127.0.0.1:1/other.git/info/refs?service=git-upload-pack\r\n");
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_REDIRECTED");
  bed.server.AnswerWith("502 Bad Gateway");
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_HOST_UNREACHABLE");
  bed.server.AnswerWith("200 OK", "Content-Type: text/html\r\n", "<html>welcome</html>\n");
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_NOT_A_REPOSITORY");
  bed.server.AnswerWith("");
  CHECK(ReasonOf(mirror->Fetch({"refs/heads/nothing:refs/heads/nothing"})) ==
        "GIT_REMOTE_REF_NOT_FOUND");
  CHECK(mirror->Fetch().ok());
}

TEST_CASE(
    "Addresses that the installation does not call are refused before git runs, allowed ones are "
    "fetched") {
  Bed bed;
  const std::string url = bed.server.Url("demo/hello");
  const auto closed = *http::OutgoingGuard::Create({});
  GitCli::Options options;
  options.guard = &closed;
  auto guarded = *GitCli::Create(options);
  for (const std::string& inside :
       {url, std::string("http://169.254.169.254/latest/meta-data"),
        std::string("http://2130706433/x.git"), std::string("http://0x7f000001/x.git"),
        std::string("http://[::1]/x.git"), std::string("http://localhost/x.git"),
        std::string("https://10.0.0.1/x.git")}) {
    INFO(inside);
    CHECK(ReasonOf(guarded->ListRemote({inside, "", ""}).status()) == "OUTGOING_ADDRESS_REFUSED");
  }
  const std::string pair = url.substr(7, url.find('/', 7) - 7);
  const auto open = *http::OutgoingGuard::Create({pair});
  options.guard = &open;
  CHECK((*GitCli::Create(options))->ListRemote({url, "", ""}).ok());
}

TEST_CASE("A server that accepts and stays silent costs the deadline and no more") {
  Bed bed;
  GitCli::Options options;
  options.timeout = absl::Milliseconds(300);
  bed.cli = *GitCli::Create(options);
  auto mirror = bed.Open();
  bed.server.SetSilent(true);
  const absl::Time start = absl::Now();
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_TIMEOUT");
  CHECK(absl::Now() - start < absl::Seconds(4));
  bed.server.SetSilent(false);
}

TEST_CASE("A stop request ends a running fetch") {
  Bed bed;
  std::stop_source stop;
  GitCli::Options options;
  options.stop = stop.get_token();
  bed.cli = *GitCli::Create(options);
  auto mirror = bed.Open();
  bed.server.SetSilent(true);
  std::jthread stopper([&] {
    bed.server.AwaitSilentRequest();
    stop.request_stop();
  });
  CHECK(ReasonOf(mirror->Fetch()) == "GIT_STOPPED");
  bed.server.SetSilent(false);
}

TEST_CASE("No URL, branch or refspec reaches git as an option or another transport") {
  Bed bed;
  const std::string canary = bed.dir.path() + "/canary";
  auto mirror = bed.Open();
  for (const std::string& url :
       {"--upload-pack=touch " + canary, "ext::sh -c touch% " + canary, std::string("file:///etc"),
        "-" + bed.server.Url("demo/hello"), bed.server.FolderOf("demo/hello"),
        std::string("ssh://-oProxyCommand=x/y")}) {
    INFO(url);
    mirror->SetRemote({url, "", ""});
    CHECK(mirror->Fetch().code() == absl::StatusCode::kInvalidArgument);
    CHECK(bed.cli->ListRemote({url, "", ""}).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(mirror->Push("refs/heads/main", "", bed.first).code() ==
          absl::StatusCode::kInvalidArgument);
  }
  mirror->SetRemote(bed.server.Remote("demo/hello"));
  for (const std::string& refspec : {"--upload-pack=touch " + canary, std::string("-v"),
                                     std::string("a..b"), std::string("+:x")}) {
    INFO(refspec);
    CHECK(mirror->Fetch({refspec}).code() == absl::StatusCode::kInvalidArgument);
    CHECK(mirror->Push(refspec, "", bed.first).code() == absl::StatusCode::kInvalidArgument);
    CHECK(Resolve(*mirror, refspec).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(bed.cli->Checkout(mirror->git_dir(), "--orphan", bed.dir.path() + "/w").code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK_FALSE(PathExists(canary));
}

TEST_CASE("Callers that come while a fetch runs share the one after it") {
  Bed bed;
  auto mirror = bed.Open();
  REQUIRE(mirror->Fetch().ok());
  const int before = bed.server.ListRequests();
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i) {
      threads.emplace_back([&] { good += mirror->Fetch().ok() ? 1 : 0; });
    }
  }
  CHECK(good == 20);
  // The first, the one that the others shared, and at most a few for late starters.
  CHECK(bed.server.ListRequests() - before < 10);
}

TEST_CASE("What the remote had when Fetch was called is here afterwards, whoever else fetches") {
  Bed bed;
  auto mirror = bed.Open();
  std::atomic<bool> done = false;
  std::jthread other([&] {
    while (!done) (void)mirror->Fetch().ok();
  });
  for (int i = 0; i < 5; ++i) {
    const std::string sha =
        bed.server.Commit("demo/hello", "main", {{"n.txt", std::to_string(i)}}, "n");
    CHECK(mirror->Fetch().ok());
    CHECK(*Resolve(*mirror, "main") == sha);
  }
  done = true;
}

TEST_CASE("What was pushed stays the mirror's newest, whoever fetches meanwhile") {
  Bed bed;
  bed.server.CreateRepository("demo/gitops");
  auto mirror = Mirror::Open(*bed.cli, bed.dir.path() + "/g.git", bed.server.Remote("demo/gitops"));
  REQUIRE(mirror.ok());
  std::string head;
  // A first branch, which a fetch would prune, and a commit that it would take back.
  for (const std::string text : {"one", "two"}) {
    const auto sha = (*mirror)->Read([&](const Repository& repository) {
      CommitBuilder builder(repository, head);
      builder.Put("n.txt", text);
      return builder.Commit(text, {"Ada", "ada@example.com"}, absl::Now());
    });
    REQUIRE(sha.ok());
    // A fetch that has been told of the refs before the push, if the push does not wait for it.
    bed.server.KeepBackRefs(absl::Milliseconds(300));
    std::jthread fetch([&] { CHECK((*mirror)->Fetch().ok()); });
    bed.server.AwaitKeptBack();
    const absl::Status pushed = (*mirror)->Push("refs/heads/main", head, **sha);
    bed.server.AnswerNow();
    fetch.join();
    INFO(pushed);
    CHECK(pushed.ok());
    head = **sha;
    CHECK(Resolve(**mirror, "main").value_or("none") == head);
  }
}

TEST_CASE("A commit that no branch reaches any more is fetched by its id") {
  Bed bed;
  const std::string lost = bed.server.Commit("demo/hello", "main", {{"a.txt", "lost"}}, "lost");
  bed.server.Git("demo/hello", {"update-ref", "refs/heads/main", bed.first});
  auto mirror = bed.Open();
  CHECK(mirror->EnsureCommit(lost).ok());
  CHECK(*Resolve(*mirror, lost) == lost);
  CHECK(mirror->EnsureCommit(std::string(40, 'a')).code() == absl::StatusCode::kNotFound);
}

TEST_CASE("What a killed git left behind is swept away") {
  Bed bed;
  { auto mirror = bed.Open(); }
  const std::string dir = bed.dir.path() + "/m.git";
  REQUIRE(MakeDirectories(dir + "/objects/pack").ok());
  REQUIRE(MakeDirectories(dir + "/refs/heads").ok());
  for (const char* name :
       {"/objects/pack/tmp_pack_abc", "/refs/heads/main.lock", "/packed-refs.lock"}) {
    REQUIRE(WriteFileAtomic(dir + name, "x").ok());
  }
  auto mirror = bed.Open();
  REQUIRE(mirror->Fetch().ok());
  CHECK_FALSE(PathExists(dir + "/objects/pack/tmp_pack_abc"));
  CHECK(*Resolve(*mirror, "main") == bed.first);
}

TEST_CASE("A damaged mirror is cloned anew, by a fetch and by a read, and keeps its keep refs") {
  Bed bed;
  auto mirror = bed.Open();
  REQUIRE(mirror->Fetch().ok());
  REQUIRE(mirror->Read([&](const Repository& r) { return r.CreateKeepRef("p1", bed.first); }).ok());
  const auto damage = [&] {
    for (const auto& item :
         std::filesystem::recursive_directory_iterator(mirror->git_dir() + "/objects")) {
      if (item.path().extension() != ".pack") continue;
      std::filesystem::permissions(item.path(), std::filesystem::perms::owner_all);
      std::filesystem::resize_file(item.path(), item.file_size() / 2);
    }
  };
  SECTION("found by a fetch") {
    damage();
    const std::string second =
        bed.server.Commit("demo/hello", "main", {{"b.txt", "two\n"}}, "second");
    CHECK(mirror->Fetch().ok());
    CHECK(*Resolve(*mirror, "main") == second);
  }
  SECTION("found by a read") {
    // The size stays, so that libgit2 takes the pack for a good one until it unpacks an object.
    for (const auto& item :
         std::filesystem::directory_iterator(mirror->git_dir() + "/objects/pack")) {
      if (item.path().extension() != ".pack") continue;
      std::string bytes = *ReadFile(item.path());
      for (size_t i = 14; i < bytes.size() - 20; ++i) bytes[i] = '\x55';
      REQUIRE(WriteFileAtomic(item.path(), bytes).ok());
    }
    auto text = mirror->Read([&](const Repository& r) { return r.ReadFile(bed.first, "a.txt"); });
    REQUIRE(text.ok());
    CHECK(*text == "one\n");
  }
  SECTION("found by looking for a commit") {
    damage();
    CHECK(mirror->EnsureCommit(bed.first).ok());
    CHECK(*mirror->Read([&](const Repository& r) { return r.ReadFile(bed.first, "a.txt"); }) ==
          "one\n");
  }
  SECTION("the folder is gone") {
    REQUIRE(RemoveAll(mirror->git_dir()).ok());
    CHECK(mirror->Fetch().ok());
    CHECK(*Resolve(*mirror, "main") == bed.first);
    return;
  }
  CHECK(*Resolve(*mirror, "refs/pipelines/p1") == bed.first);
}

TEST_CASE("Packs of many fetches are merged beside them, and everything stays readable") {
  Bed bed;
  auto mirror = bed.Open();
  std::string last;
  for (int i = 0; i < 34; ++i) {
    last = bed.server.Commit("demo/hello", "main", {{"b.txt", std::to_string(i)}}, "more");
    REQUIRE(mirror->Fetch().ok());
    REQUIRE(*Resolve(*mirror, "main") == last);
  }
  const std::string packs = mirror->git_dir() + "/objects/pack";
  mirror.reset();  // waits for the merging
  const auto files = std::filesystem::directory_iterator(packs);
  CHECK(std::count_if(begin(files), end(files),
                      [](const auto& file) { return file.path().extension() == ".pack"; }) < 10);
  mirror = bed.Open();
  CHECK(*mirror->Read([&](const Repository& r) { return r.ReadFile(last, "b.txt"); }) == "33");
  CHECK(*mirror->Read([&](const Repository& r) { return r.ReadFile(bed.first, "a.txt"); }) ==
        "one\n");
}

TEST_CASE("A work tree is checked out from the mirror's objects") {
  Bed bed;
  auto mirror = bed.Open();
  REQUIRE(mirror->Fetch().ok());
  const std::string work = bed.dir.path() + "/work";
  REQUIRE(bed.cli->Checkout(mirror->git_dir(), bed.first, work).ok());
  CHECK(*ReadFile(work + "/a.txt") == "one\n");
  CHECK_FALSE(
      bed.cli->Checkout(mirror->git_dir(), std::string(40, 'a'), bed.dir.path() + "/none").ok());
}

TEST_CASE("The remote's refs and default branch are listed without a mirror") {
  Bed bed;
  auto refs = bed.cli->ListRemote(bed.server.Remote("demo/hello"));
  REQUIRE(refs.ok());
  CHECK(refs->default_branch == "refs/heads/main");
  REQUIRE(refs->refs.size() == 1);
  CHECK(refs->refs[0].sha == bed.first);
}

TEST_CASE("A store gives one mirror per URL and user") {
  Bed bed;
  MirrorStore store(*bed.cli, bed.dir.path() + "/mirrors");
  const GitRemote remote = bed.server.Remote("demo/hello");
  auto one = *store.Get(remote);
  CHECK(one == *store.Get({remote.url, remote.username, "new password"}));
  CHECK(one->remote().password == "new password");
  CHECK(one != *store.Get({remote.url, "somebody", ""}));
  REQUIRE(one->Fetch().ok());
  const std::string dir = one->git_dir();
  one.reset();
  CHECK(store.Remove(remote).ok());
  CHECK_FALSE(PathExists(dir));
}

TEST_CASE("Mirrors that nobody wants any more are removed, also those of an earlier process") {
  Bed bed;
  const std::string root = bed.dir.path() + "/mirrors";
  const GitRemote remote = bed.server.Remote("demo/hello");
  const GitRemote other{remote.url, "other", ""}, third{remote.url, "third", ""};
  std::vector<std::string> folders;
  {
    MirrorStore earlier(*bed.cli, root);
    for (const GitRemote& one : {remote, other, third}) {
      const auto mirror = *earlier.Get(one);
      REQUIRE(mirror->Fetch().ok());
      folders.push_back(mirror->git_dir());
    }
  }
  MirrorStore store(*bed.cli, root);
  auto held = *store.Get(other);
  MirrorsRemoved done = store.RemoveOthers({{remote.url, remote.username, "new password"}}, {});
  CHECK(done.removed == 1);
  CHECK(done.in_use == 1);
  CHECK(PathExists(folders[0]));
  CHECK(held->EnsureCommit(bed.first).ok());
  CHECK_FALSE(PathExists(folders[2]));
  CHECK_FALSE(PathExists(folders[2] + ".lock"));
  held.reset();
  done = store.RemoveOthers({remote}, {});
  CHECK(done.removed == 1);
  CHECK_FALSE(PathExists(folders[1]));
  CHECK((*store.Get(other))->EnsureCommit(bed.first).ok());
}

TEST_CASE("Mirrors unused for long are removed, and the oldest where they take too much disk") {
  Bed bed;
  const std::string root = bed.dir.path() + "/mirrors";
  MirrorStore store(*bed.cli, root);
  const GitRemote remote = bed.server.Remote("demo/hello");
  const auto age = [&](const std::string& user, int hours) {
    auto mirror = *store.Get({remote.url, user, ""});
    REQUIRE(mirror->Fetch().ok());
    const std::string dir = mirror->git_dir();
    std::filesystem::last_write_time(
        dir, std::filesystem::file_time_type::clock::now() - std::chrono::hours(hours));
    return dir;
  };
  const std::string old = age("a", 50);
  const std::string middle = age("b", 30);
  const std::string fresh = age("c", 1);
  const absl::Time yesterday = absl::Now() - absl::Hours(40);
  constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

  SECTION("by age, and it is cloned again when it is asked for") {
    const MirrorsPruned pruned = store.Prune(yesterday, kNoLimit, {});
    CHECK(pruned.removed == 1);
    CHECK(pruned.removed_bytes > 0);
    CHECK_FALSE(PathExists(old));
    CHECK_FALSE(PathExists(old + ".lock"));
    CHECK(PathExists(middle));
    auto again = *store.Get({remote.url, "a", ""});
    CHECK(again->EnsureCommit(bed.first).ok());
    CHECK(store.Prune(yesterday, kNoLimit, {}).removed == 0);
  }
  SECTION("by size, the one unused the longest first") {
    const int64_t all = store.Prune(absl::InfinitePast(), kNoLimit, {}).kept_bytes;
    const MirrorsPruned pruned = store.Prune(absl::InfinitePast(), all - 1, {});
    CHECK(pruned.removed == 1);
    CHECK(pruned.kept_bytes == all - pruned.removed_bytes);
    CHECK_FALSE(PathExists(old));
    CHECK(store.Prune(absl::InfinitePast(), 0, {}).removed == 2);
    CHECK_FALSE(PathExists(fresh));
  }
  SECTION("never while somebody holds it, and asking for it is a use") {
    auto held = *store.Get({remote.url, "a", ""});
    CHECK(store.Prune(yesterday, kNoLimit, {}).removed == 0);
    CHECK(store.Prune(absl::InfiniteFuture(), 0, {}).removed == 2);
    CHECK(PathExists(old));
    CHECK(held->Fetch().ok());
  }
  SECTION("never while another process fetches it") {
    const UniqueFd lock(::open((old + ".lock").c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(::flock(lock.get(), LOCK_EX | LOCK_NB) == 0);
    CHECK(store.Prune(yesterday, kNoLimit, {}).removed == 0);
    CHECK(PathExists(old));
  }
  SECTION("what a killed removal left goes with the next one") {
    REQUIRE(std::rename(old.c_str(), (old + ".removed").c_str()) == 0);
    CHECK(store.Prune(yesterday, kNoLimit, {}).removed == 0);
    CHECK_FALSE(PathExists(old + ".removed"));
  }
}

}  // namespace
}  // namespace slipway::git
