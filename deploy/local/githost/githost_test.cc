// The private git host as tools/up runs it (lighttpd, CGI program, hook) with the sender of its
// webhooks, against a receiver of the test's own.

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "absl/time/clock.h"
#include "deploy/local/githost/testing_git_host.h"
#include "libs/base/encoding.h"
#include "libs/json/json.h"

namespace slipway::githost {
namespace {

TEST_CASE("A push arrives as a signed delivery in GitHub's format") {
  GitHost host;
  HookReceiver receiver;
  const RunningSender sender(host, receiver.port());
  const std::string tree = host.NewWorkTree("trunk");
  const std::string first = host.Commit(tree, "a.txt", "1");
  const std::string second = host.Commit(tree, "b.txt", "2");
  const int64_t before_us = absl::ToUnixMicros(absl::Now());
  host.Git({"push", "-q", host.url() + "/demo/hello.git", "trunk"}, tree);

  const auto request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  CHECK(request->head.starts_with("POST /webhooks/github/local HTTP/1.1"));
  CHECK(request->Header("X-GitHub-Event") == "push");
  CHECK(request->Header("X-GitHub-Delivery").size() == 26);
  CHECK(request->Header("Content-Type") == "application/json");
  CHECK(request->Header("X-Hub-Signature-256") ==
        "sha256=" + HexEncode(HmacSha256(kSecret, request->body)));
  const int64_t pushed_at = std::stoll(request->Header("X-Slipway-Pushed-At"));
  CHECK((pushed_at >= before_us && pushed_at <= absl::ToUnixMicros(absl::Now())));

  const auto body = BodyOf(*request);
  CHECK(Text(body, "ref") == "refs/heads/trunk");
  CHECK(Text(body, "before") == kZero);
  CHECK(Text(body, "after") == second);
  CHECK(json::GetBool(body, "created") == true);
  CHECK(json::GetBool(body, "deleted") == false);
  CHECK(json::GetBool(body, "forced") == false);
  REQUIRE(json::GetArray(body, "commits")->size() == 2);
  CHECK(Text(body, "commits[0].id") == first);
  CHECK(Text(body, "commits[0].added[0]") == "a.txt");
  CHECK(Text(body, "commits[1].message") == "change b.txt\n");
  CHECK(Text(body, "commits[1].author.name") == "Ann");
  CHECK(Text(body, "commits[1].committer.email") == "ben@example.org");
  CHECK(Text(body, "head_commit.id") == second);
  CHECK(Text(body, "repository.full_name") == "demo/hello");
  CHECK(Text(body, "repository.clone_url") == host.url() + "/demo/hello.git");
  CHECK(Text(body, "repository.default_branch") == "trunk");
  CHECK(Text(body, "pusher.name") == "slipway");
  CHECK(json::Find(body, "slipway") == nullptr);
  CHECK(Eventually(absl::Seconds(5), [&] { return host.SpoolIsEmpty(); }));

  // A clone checks the pushed branch out, though it is not called main.
  host.Git({"clone", "-q", host.url() + "/demo/hello.git", "clone"}, host.data() + "/work");
  CHECK(PathExists(host.data() + "/work/clone/b.txt"));
}

TEST_CASE("Moved, forced and deleted refs are told apart, and each ref of a push is one delivery") {
  GitHost host;
  HookReceiver receiver;
  const RunningSender sender(host, receiver.port());
  const std::string url = host.url() + "/demo/hello.git";
  const std::string tree = host.NewWorkTree("main");
  const std::string first = host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", url, "main"}, tree);
  REQUIRE(receiver.Next(absl::Seconds(10)));

  const std::string second = host.Commit(tree, "a.txt", "2");
  host.Git({"tag", "-a", "v1", "-m", "one"}, tree);
  const std::string tag = host.Git({"rev-parse", "v1"}, tree);
  host.Git({"push", "-q", url, "main", "v1"}, tree);
  std::map<std::string, boost::json::value> by_ref;
  for (int i = 0; i < 2; ++i) {
    const auto request = receiver.Next(absl::Seconds(10));
    REQUIRE(request);
    const auto body = BodyOf(*request);
    by_ref[Text(body, "ref")] = body;
  }
  CHECK(Text(by_ref["refs/heads/main"], "before") == first);
  CHECK(Text(by_ref["refs/heads/main"], "commits[0].modified[0]") == "a.txt");
  CHECK(json::GetArray(by_ref["refs/heads/main"], "commits")->size() == 1);
  CHECK(Text(by_ref["refs/tags/v1"], "after") == tag);
  CHECK(Text(by_ref["refs/tags/v1"], "head_commit.id") == second);

  host.Git({"reset", "-q", "--hard", first}, tree);
  const std::string other = host.Commit(tree, "c.txt", "3");
  host.Git({"push", "-q", "--force", url, "main", ":v1"}, tree);
  by_ref.clear();
  for (int i = 0; i < 2; ++i) {
    const auto request = receiver.Next(absl::Seconds(10));
    REQUIRE(request);
    const auto body = BodyOf(*request);
    by_ref[Text(body, "ref")] = body;
  }
  CHECK(json::GetBool(by_ref["refs/heads/main"], "forced") == true);
  CHECK(Text(by_ref["refs/heads/main"], "commits[0].id") == other);
  CHECK(json::GetBool(by_ref["refs/tags/v1"], "deleted") == true);
  CHECK(Text(by_ref["refs/tags/v1"], "after") == kZero);
  CHECK(json::Find(by_ref["refs/tags/v1"], "head_commit")->is_null());
}

TEST_CASE(
    "A push waits for a receiver that fails and keeps its delivery id and the order of its ref") {
  GitHost host;
  HookReceiver receiver;
  receiver.AnswerNextWith({503, 500});
  const RunningSender sender(host, receiver.port());
  const std::string tree = host.NewWorkTree("main");
  const std::string first = host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", host.url() + "/demo/hello.git", "main"}, tree);
  const std::string second = host.Commit(tree, "a.txt", "2");
  host.Git({"push", "-q", host.url() + "/demo/hello.git", "main"}, tree);

  std::string id;
  for (const int expected : {503, 500, 202}) {
    const auto request = receiver.Next(absl::Seconds(10));
    REQUIRE(request);
    CHECK(request->answered == expected);
    CHECK(Text(BodyOf(*request), "after") == first);
    if (!id.empty()) CHECK(request->Header("X-GitHub-Delivery") == id);
    id = request->Header("X-GitHub-Delivery");
  }
  const auto request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  CHECK(Text(BodyOf(*request), "after") == second);
  CHECK(Eventually(absl::Seconds(5), [&] { return host.SpoolIsEmpty(); }));
}

TEST_CASE("A refused push stays in the spool and holds up no other repository") {
  GitHost host;
  HookReceiver receiver;
  receiver.AnswerNextWith({400});
  const RunningSender sender(host, receiver.port());
  const std::string tree = host.NewWorkTree("main");
  host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", host.url() + "/demo/refused.git", "main"}, tree);
  REQUIRE(receiver.Next(absl::Seconds(10)));
  host.Git({"push", "-q", host.url() + "/demo/other.git", "main"}, tree);
  const auto request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  CHECK(Text(BodyOf(*request), "repository.full_name") == "demo/other");
  CHECK_FALSE(host.SpoolIsEmpty());
}

TEST_CASE(
    "A ref that moved without a record is sent after a start of the sender, and of the git host") {
  GitHost host;
  HookReceiver receiver;
  const std::string tree = host.NewWorkTree("main");
  const std::string first = host.Commit(tree, "a.txt", "1");
  const std::string second = host.Commit(tree, "a.txt", "2");
  const std::string url = host.url() + "/demo/hello.git";
  // As after a kill between ref and record: the push is stored, its record is gone.
  host.Git({"push", "-q", url, first + ":refs/heads/main"}, tree);
  Must({"find", host.data() + "/spool", "-name", "*.push", "-delete"});

  const RunningSender sender(host, receiver.port());
  auto request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  CHECK(Text(BodyOf(*request), "after") == first);
  REQUIRE(Eventually(absl::Seconds(5), [&] { return host.SpoolIsEmpty(); }));

  host.Git({"fetch", "-q", tree, "main"}, host.git_dir("demo/hello.git"));
  host.Git({"update-ref", "refs/heads/main", second}, host.git_dir("demo/hello.git"));
  Must({"touch", host.data() + "/git-state/host-started"});
  request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  const auto body = BodyOf(*request);
  CHECK(Text(body, "before") == first);
  CHECK(Text(body, "after") == second);
  // Nothing is missing any more: another start sends nothing.
  REQUIRE(Eventually(absl::Seconds(5), [&] { return host.SpoolIsEmpty(); }));
  Must({"touch", host.data() + "/git-state/host-started"});
  CHECK_FALSE(receiver.Next(absl::Milliseconds(300)));
}

TEST_CASE("A record that was not sent yet is sent after a restart under the same delivery id") {
  GitHost host;
  const std::string tree = host.NewWorkTree("main");
  host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", host.url() + "/demo/hello.git", "main"}, tree);
  HookReceiver receiver;
  receiver.AnswerNextWith({503});
  std::string id;
  {
    const RunningSender sender(host, receiver.port());
    const auto request = receiver.Next(absl::Seconds(10));
    REQUIRE(request);
    id = request->Header("X-GitHub-Delivery");
  }
  const RunningSender sender(host, receiver.port());
  // The first sender may have tried once more before it ended.
  const auto request = receiver.Next(absl::Seconds(10));
  REQUIRE(request);
  CHECK(request->Header("X-GitHub-Delivery") == id);
}

TEST_CASE("The git host lets nobody in without its password and knows repositories only") {
  GitHost host;
  CHECK(host.Status("/demo/hello.git/info/refs?service=git-receive-pack", "") == 401);
  CHECK(host.Status("/demo/hello.git/info/refs?service=git-receive-pack", "wrong") == 401);
  CHECK_FALSE(PathExists(host.git_dir("demo/hello.git")));
  CHECK(host.Status("/demo/hello.git/info/refs?service=git-upload-pack", "pass") == 404);
  CHECK_FALSE(PathExists(host.git_dir("demo/hello.git")));
  CHECK(host.Status("/demo/..%2f..%2fx.git/info/refs?service=git-receive-pack", "pass") == 404);
  CHECK(host.Status("/etc/passwd", "pass") == 404);
  CHECK(host.Status("/demo/hello.git/info/refs?service=git-receive-pack", "pass") == 200);
  CHECK(host.Status("/demo/hello.git/config", "pass") >= 400);
}

TEST_CASE("First pushes at once to one repository all arrive, and a large push does too") {
  GitHost host;
  HookReceiver receiver;
  const RunningSender sender(host, receiver.port());
  const std::string tree = host.NewWorkTree("main");
  host.Commit(tree, "a.txt", "1");
  std::vector<process::Process> pushes;
  for (int i = 0; i < 4; ++i) {
    pushes.push_back(host.StartGit(
        {"push", "-q", host.url() + "/demo/many.git", "main:refs/heads/b" + std::to_string(i)},
        tree));
  }
  for (auto& push : pushes) {
    const auto ended = push.Wait(absl::Seconds(30));
    REQUIRE((ended.ok() && *ended));
    CHECK((**ended).ok());
  }
  for (int i = 0; i < 4; ++i) CHECK(receiver.Next(absl::Seconds(10)));

  std::string noise;
  while (noise.size() < (3 << 20)) noise += Sha256(std::to_string(noise.size()));
  host.Commit(tree, "big.bin", noise);
  host.Git({"push", "-q", host.url() + "/demo/many.git", "main"}, tree);
  CHECK(receiver.Next(absl::Seconds(20)));
}

TEST_CASE("What a killed hook left half written in the spool goes when it is old") {
  GitHost host;
  const std::string spool = host.data() + "/spool/";
  const std::string half = "01ARZ3NDEKTSV4RRFFQ69G5FAV.push.0123456789ab.tmp";
  const std::string fresh = "01ARZ3NDEKTSV4RRFFQ69G5FAW.push.0123456789ab.tmp";
  const std::string foreign = "notes.tmp";
  for (const std::string& name : {half, fresh, foreign})
    REQUIRE(WriteFileAtomic(spool + name, "slipway-push 1\npush").ok());
  const timespec long_ago[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
  for (const std::string& name : {half, foreign})
    REQUIRE(::utimensat(AT_FDCWD, (spool + name).c_str(), long_ago, 0) == 0);
  HookReceiver receiver;
  const RunningSender sender(host, receiver.port());
  CHECK(Eventually(absl::Seconds(5), [&] { return !PathExists(spool + half); }));
  CHECK(PathExists(spool + fresh));
  CHECK(PathExists(spool + foreign));
}

}  // namespace
}  // namespace slipway::githost
