#include "libs/git/repository.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/git/commit_builder.h"
#include "libs/git/mirror.h"
#include "libs/git/mirror_files.h"
#include "libs/git/testing/git_server.h"

namespace slipway::git {
namespace {

const Identity kAda = {"Ada", "ada@example.com"};
using Paths = std::vector<std::string>;
using Files = std::vector<std::pair<std::string, std::string>>;

// A bare repository that tests fill by CommitBuilder: no server needed.
struct Bed {
  TempDir dir = *TempDir::Create("repository-test-");
  Repository repository = Make();
  int64_t clock = 1'700'000'000;

  Repository Make() {
    REQUIRE(InitBare(dir.path() + "/r.git").ok());
    return *Repository::Open(dir.path() + "/r.git");
  }
  // An empty content removes the file.
  std::string Commit(const std::string& base, const Files& files,
                     const std::string& message = "change") {
    CommitBuilder builder(repository, base);
    for (const auto& [path, content] : files) {
      if (content.empty()) {
        builder.Remove(path);
      } else {
        builder.Put(path, content);
      }
    }
    auto sha = builder.Commit(message, kAda, absl::FromUnixSeconds(clock += 60));
    INFO(sha.status());
    REQUIRE(sha.ok());
    REQUIRE(sha->has_value());
    return **sha;
  }
  void Branch(const std::string& name, const std::string& sha) {
    REQUIRE(repository.MoveRef("refs/heads/" + name, "", sha).ok());
  }
  Paths Changed(const std::string& before, const std::string& after,
                const std::string& ref = "refs/heads/main") {
    auto changed = repository.GetChangedPaths(before, after, ref);
    REQUIRE(changed.ok());
    CHECK(changed->complete);
    return changed->paths;
  }
};

TEST_CASE("A revision is resolved by name before by abbreviated id") {
  Bed bed;
  const std::string one = bed.Commit("", {{"a", "1"}});
  const std::string two = bed.Commit(one, {{"a", "2"}});
  bed.Branch("main", two);
  bed.Branch(one.substr(0, 8), two);  // a branch that looks like an id
  CHECK(*bed.repository.Resolve("main") == two);
  CHECK(*bed.repository.Resolve("refs/heads/main") == two);
  CHECK(*bed.repository.Resolve(one) == one);
  CHECK(*bed.repository.Resolve(one.substr(0, 9)) == one);
  CHECK(*bed.repository.Resolve(one.substr(0, 8)) == two);
  for (const std::string revision :
       {"nothing", "abc", "0000000", "main~1", "main^{/x}", "@{-1}", "HEAD", "-x", ""}) {
    INFO(revision);
    CHECK_FALSE(bed.repository.Resolve(revision).ok());
  }
}

TEST_CASE("A commit shows author, times, parents and message as valid UTF-8") {
  Bed bed;
  const std::string one = bed.Commit("", {{"a", "1"}});
  const std::string two = bed.Commit(one, {{"a", "2"}},
                                     "subj\xff"
                                     "ect\n\nbody\n");
  auto commit = bed.repository.GetCommit(two);
  REQUIRE(commit.ok());
  CHECK(commit->parents == Paths{one});
  CHECK(commit->author.email == "ada@example.com");
  CHECK(commit->author_time == absl::FromUnixSeconds(bed.clock));
  CHECK(commit->Subject() ==
        "subj\xef\xbf\xbd"
        "ect");
  CHECK(bed.repository.GetCommit(std::string(40, 'a')).status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("History comes newest first, in pages that neither repeat nor miss a commit") {
  Bed bed;
  std::string tip;
  Paths all;
  for (int i = 0; i < 7; ++i)
    all.insert(all.begin(), tip = bed.Commit(tip, {{"n", std::to_string(i)}}));
  bed.Branch("main", tip);
  Paths seen;
  std::string after;
  while (true) {
    auto page = bed.repository.ListCommits("main", 3, after);
    REQUIRE(page.ok());
    for (const Commit& commit : *page) seen.push_back(commit.sha);
    if (page->size() < 3) break;
    after = page->back().sha;
  }
  CHECK(seen == all);
  CHECK(bed.repository.ListCommits("main", 3, std::string(40, 'a')).status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE("Changed paths are those of every commit of a push") {
  Bed bed;
  const std::string base =
      bed.Commit("", {{"a", "1"}, {"docs/x.md", "x"}, {"old/name", "same content\n"}});
  const std::string touched = bed.Commit(base, {{"a", "2"}});
  const std::string restored =
      bed.Commit(touched, {{"a", "1"}});  // the ends alone would not show "a"
  const std::string renamed =
      bed.Commit(restored, {{"old/name", ""}, {"new/name", "same content\n"}});
  CHECK(bed.Changed(base, touched) == Paths{"a"});
  CHECK(bed.Changed(base, restored) == Paths{"a"});
  CHECK(bed.Changed(base, renamed) == Paths{"a", "new/name", "old/name"});
  CHECK(bed.Changed(restored, renamed) == Paths{"new/name", "old/name"});
  CHECK(bed.Changed(base, base).empty());
}

TEST_CASE("A forced push shows what it took away") {
  Bed bed;
  const std::string base = bed.Commit("", {{"a", "1"}});
  const std::string gone = bed.Commit(base, {{"b", "1"}});
  const std::string instead = bed.Commit(base, {{"c", "1"}});
  CHECK(bed.Changed(gone, base) == Paths{"b"});
  CHECK(bed.Changed(gone, instead) == Paths{"b", "c"});
}

TEST_CASE("A new branch shows only commits that no other branch has") {
  Bed bed;
  const std::string zero(40, '0');
  const std::string base = bed.Commit("", {{"a", "1"}, {"b", "1"}});
  bed.Branch("main", base);
  const std::string one = bed.Commit(base, {{"x", "1"}});
  const std::string two = bed.Commit(one, {{"y", "1"}});
  bed.Branch("feature", two);
  CHECK(bed.Changed(zero, two, "refs/heads/feature") == Paths{"x", "y"});
  CHECK(bed.Changed(zero, base, "refs/heads/main").empty());  // feature has it
  CHECK(bed.Changed(std::string(40, 'a'), two, "refs/heads/feature") == Paths{"x", "y"});
  auto nothing_new = bed.repository.GetChangedPaths(zero, base, "refs/heads/other");
  REQUIRE(nothing_new.ok());
  CHECK(nothing_new->commits == 0);
}

TEST_CASE("Files are read within a limit and never from outside of the tree") {
  GitServer server;
  server.CreateRepository("r");
  TempDir dir = *TempDir::Create("links-");
  const auto git = [&](std::vector<std::string> arguments) { return server.Git("r", arguments); };
  server.Commit("r", "main",
                {{"app/Dockerfile", "FROM scratch\n"}, {"big", std::string(5000, 'x')}}, "files");
  // Links as tree entries, made by plumbing: blob with the target, then the index.
  const auto link = [&](const std::string& path, const std::string& target) {
    const std::string file = dir.path() + "/target";
    REQUIRE(WriteFileAtomic(file, target).ok());
    const std::string blob = git({"hash-object", "-w", file});
    git({"update-index", "--add", "--cacheinfo", "120000," + blob + "," + path});
  };
  git({"read-tree", "main"});
  link("inside", "app/Dockerfile");
  link("app/up", "../big");
  link("folder", "app");
  link("absolute", "/etc/passwd");
  link("outside", "../../etc/passwd");
  link("app/outside", "../../etc/passwd");
  link("loop", "loop");
  link("dangling", "nothing");
  const std::string tree = git({"write-tree"});
  const std::string commit = git({"commit-tree", tree, "-m", "links"});
  auto repository = Repository::Open(server.FolderOf("r"));
  REQUIRE(repository.ok());
  for (const char* path : {"app/Dockerfile", "./app//Dockerfile", "inside", "folder/Dockerfile"}) {
    INFO(path);
    auto text = repository->ReadFile(commit, path);
    REQUIRE(text.ok());
    CHECK(*text == "FROM scratch\n");
  }
  CHECK(repository->ReadFile(commit, "app/up")->size() == 5000);
  CHECK(repository->ReadFile(commit, "big", 4999).status().code() ==
        absl::StatusCode::kResourceExhausted);
  for (const char* path : {"absolute", "outside", "app/outside", "loop", "../x", "a/../../b",
                           "/etc/passwd", "app/../big"}) {
    INFO(path);
    CHECK(DetailsOf(repository->ReadFile(commit, path).status()).reason == "GIT_PATH_REFUSED");
  }
  for (const char* path : {"nothing", "app", "", "dangling", "app/Dockerfile/x", "big/x"}) {
    INFO(path);
    CHECK(DetailsOf(repository->ReadFile(commit, path).status()).reason == "GIT_FILE_NOT_FOUND");
  }
  CHECK(repository->Follow(commit, "folder/up")->path == "big");
  CHECK(repository->Follow(commit, "folder")->kind == TreeEntry::Kind::kFolder);
  CHECK(repository->Follow(commit, "folder")->path == "app");
  CHECK(repository->Find(commit, "folder")->kind == TreeEntry::Kind::kLink);
  CHECK(DetailsOf(repository->Follow(commit, "outside").status()).reason == "GIT_PATH_REFUSED");
  CHECK(absl::IsNotFound(repository->Find(commit, "folder/up").status()));
  CHECK(repository->TreeId(commit, "").value() == tree);
  CHECK(repository->TreeId(commit, "app").ok());
  CHECK_FALSE(repository->TreeId(commit, "nothing").ok());
  CHECK(*repository->ListFolder(commit, "app") == Paths{"Dockerfile", "outside", "up"});
  CHECK(repository->ListFolder(commit, "big").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("A folder is listed with all that is below, within a limit") {
  Bed bed;
  const std::string commit =
      bed.Commit("", {{"a/b/c", "1"}, {"a/b.txt", "2"}, {"a/z", "3"}, {"other", "4"}});
  const auto below = bed.repository.ListBelow(commit, "a", 10);
  REQUIRE(below.ok());
  Paths paths;
  for (const TreeEntry& entry : *below) paths.push_back(entry.path);
  CHECK(paths == Paths{"a/b.txt", "a/b/c", "a/z"});
  CHECK(*bed.repository.ReadBlob((*below)[1].id, 10) == "1");
  CHECK(bed.repository.ListBelow(commit, "", 5).status().code() ==
        absl::StatusCode::kResourceExhausted);
  CHECK(bed.repository.ListBelow(commit, "", 6)->size() == 4);
  CHECK(absl::IsNotFound(bed.repository.ListBelow(commit, "other", 10).status()));
  CHECK(bed.repository.ReadBlob((*below)[1].id, 0).status().code() ==
        absl::StatusCode::kResourceExhausted);
}

TEST_CASE("Folders that differ between two commits are named, and no others") {
  GitServer server;
  server.CreateRepository("gitops");
  TempDir dir = *TempDir::Create("folders-");
  auto cli = *GitCli::Create({});
  auto mirror = *Mirror::Open(*cli, dir.path() + "/m.git", server.Remote("gitops"));
  const auto write = [&](const std::string& on, const std::vector<std::string>& put,
                         const std::vector<std::string>& removed) {
    return **mirror->Read([&](const Repository& r) {
      CommitBuilder builder(r, on);
      for (const std::string& path : put) builder.Put(path, "in " + path + " after " + on);
      for (const std::string& path : removed) builder.Remove(path);
      return builder.Commit("write", kAda, absl::Now());
    });
  };
  const std::string one = write(
      "", {"shop/api/dev/a", "shop/api/prod/a", "shop/web/dev/a", "bank/x/dev/a", "README"}, {});
  const std::string two =
      write(one, {"shop/api/dev/sub/b", "bank/y/dev/a", "README", "shop/api/NOTE"}, {"shop/web"});
  const auto changed = [&](const std::string& before, const std::string& after) {
    return mirror->Read([&](const Repository& r) { return r.GetChangedFolders(before, after, 3); });
  };
  using Names = std::vector<std::string>;
  CHECK(*changed(one, two) == Names{"bank/y/dev", "shop/api/dev", "shop/web/dev"});
  CHECK(*changed(two, one) == *changed(one, two));
  CHECK(changed(one, one)->empty());
  CHECK_FALSE(changed(std::string(40, 'a'), two).ok());
}

TEST_CASE("Ancestry and keep refs") {
  Bed bed;
  const std::string one = bed.Commit("", {{"a", "1"}});
  const std::string two = bed.Commit(one, {{"a", "2"}});
  CHECK(*bed.repository.IsAncestor(one, two));
  CHECK(*bed.repository.IsAncestor(two, two));
  CHECK_FALSE(*bed.repository.IsAncestor(two, one));
  CHECK_FALSE(bed.repository.IsAncestor(one, std::string(40, 'a')).ok());

  REQUIRE(bed.repository.CreateKeepRef("01J", one).ok());
  REQUIRE(bed.repository.CreateKeepRef("01J", two).ok());
  auto refs = bed.repository.ListRefs("refs/pipelines/");
  REQUIRE(refs->size() == 1);
  CHECK(refs->front().sha == two);
  CHECK(bed.repository.DeleteKeepRef("01J").ok());
  CHECK(bed.repository.DeleteKeepRef("01J").ok());
  CHECK(bed.repository.ListRefs("refs/pipelines/")->empty());
  CHECK_FALSE(bed.repository.CreateKeepRef("../heads/main", one).ok());
}

TEST_CASE("A commit puts and removes files in nested folders and leaves no empty folder") {
  Bed bed;
  const std::string one = bed.Commit(
      "", {{"demo/hello/dev/app.yaml", "1"}, {"demo/hello/prod/app.yaml", "1"}, {"README", "r"}});
  const std::string two = bed.Commit(
      one, {{"demo/hello/dev/app.yaml", ""}, {"demo/shop/dev/app.yaml", "2"}, {"not/there", ""}});
  CHECK(*bed.repository.ListFolder(two, "demo") == Paths{"hello/", "shop/"});
  CHECK(*bed.repository.ListFolder(two, "demo/hello") == Paths{"prod/"});
  CHECK(*bed.repository.ReadFile(two, "demo/shop/dev/app.yaml") == "2");
  const std::string three = bed.Commit(two, {{"demo", ""}});  // a whole folder
  CHECK(*bed.repository.ListFolder(three, "") == Paths{"README"});
}

TEST_CASE("A commit that changes nothing is not made, and equal input gives an equal commit") {
  Bed bed;
  const std::string one = bed.Commit("", {{"a", "1"}});
  CommitBuilder same(bed.repository, one);
  same.Put("a", "1");
  same.Remove("nothing");
  auto none = same.Commit("again", kAda, absl::UnixEpoch());
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());
  const auto make = [&] {
    CommitBuilder builder(bed.repository, one);
    builder.Put("b", "2");
    return **builder.Commit("b", kAda, absl::FromUnixSeconds(5));
  };
  CHECK(make() == make());
}

TEST_CASE("Paths that are not plain ones are refused in a commit") {
  Bed bed;
  const std::string one = bed.Commit("", {{"a", "1"}, {"folder/x", "1"}});
  for (const std::string path : {"", "/a", "a/", "../a", "x/../a", "x//y", ".", ".git/config",
                                 "x/.GIT/hooks/y", "a/below", "folder"}) {
    INFO(path);
    CommitBuilder builder(bed.repository, one);
    builder.Put(path, "2");
    CHECK(DetailsOf(builder.Commit("bad", kAda, absl::UnixEpoch()).status()).reason ==
          "GIT_PATH_REFUSED");
  }
}

TEST_CASE("Concurrent pushes to one branch are all there in the end") {
  GitServer server;
  server.CreateRepository("gitops");
  TempDir dir = *TempDir::Create("push-");
  auto cli = *GitCli::Create({});
  constexpr int kWriters = 4, kEach = 3;
  {
    std::vector<std::jthread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&, w] {
        auto mirror = *Mirror::Open(*cli, dir.path() + "/" + std::to_string(w) + ".git",
                                    server.Remote("gitops"));
        for (int i = 0; i < kEach; ++i) {
          absl::Status pushed;
          do {
            if (!mirror->Fetch().ok()) return;
            const std::string old =
                mirror->Read([](const Repository& r) { return r.Resolve("main"); }).value_or("");
            auto sha = mirror->Read([&](const Repository& r) {
              CommitBuilder builder(r, old);
              builder.Put("w" + std::to_string(w) + "/" + std::to_string(i), "x");
              return builder.Commit("write", kAda, absl::Now());
            });
            pushed = mirror->Push("refs/heads/main", old, **sha);
          } while (pushed.code() == absl::StatusCode::kAborted);
        }
      });
    }
  }
  CHECK(server.Git("gitops", {"rev-list", "--count", "main"}) == std::to_string(kWriters * kEach));
  const std::string files = server.Git("gitops", {"ls-tree", "-r", "--name-only", "main"});
  CHECK(std::count(files.begin(), files.end(), '\n') + 1 == kWriters * kEach);
}

TEST_CASE("A branch of the remote is deleted") {
  GitServer server;
  server.CreateRepository("gitops");
  const std::string sha = server.Commit("gitops", "main", {{"a", "1"}}, "a");
  server.Git("gitops", {"branch", "check/1", sha});
  TempDir dir = *TempDir::Create("delete-");
  auto cli = *GitCli::Create({});
  auto mirror = *Mirror::Open(*cli, dir.path() + "/m.git", server.Remote("gitops"));
  CHECK(cli->DeleteBranch(mirror->remote(), mirror->git_dir(), "refs/heads/check/1").ok());
  CHECK(server.Git("gitops", {"for-each-ref", "--format=%(refname)"}) == "refs/heads/main");
  CHECK_FALSE(cli->DeleteBranch(mirror->remote(), mirror->git_dir(), "refs/tags/x").ok());
}

TEST_CASE("A push that a hook declines says what the hook said") {
  GitServer server;
  server.CreateRepository("gitops");
  REQUIRE(WriteFileAtomic(server.FolderOf("gitops") + "/hooks/pre-receive",
                          "#!/bin/sh\necho no deploys on Friday >&2\nexit 1\n", 0755)
              .ok());
  TempDir dir = *TempDir::Create("push-");
  auto cli = *GitCli::Create({});
  auto mirror = *Mirror::Open(*cli, dir.path() + "/m.git", server.Remote("gitops"));
  const std::string sha = *mirror->Read([](const Repository& r) -> absl::StatusOr<std::string> {
    CommitBuilder builder(r, "");
    builder.Put("a", "1");
    return **builder.Commit("a", kAda, absl::Now());
  });
  const absl::Status status = mirror->Push("refs/heads/main", "", sha);
  CHECK(DetailsOf(status).reason == "GIT_PUSH_DECLINED");
  CHECK(MessageOf(status).find("no deploys on Friday") != std::string::npos);
}

}  // namespace
}  // namespace slipway::git
