// The private git host as tools/up runs it (lighttpd, CGI program, hook) with the sender of its
// webhooks, against a receiver of the test's own.

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "absl/time/clock.h"
#include "deploy/local/githost/push_sender.h"
#include "deploy/local/githost/testing_hook_receiver.h"
#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/http/client.h"
#include "libs/json/json.h"
#include "libs/process/process.h"
#include "libs/process/run.h"

namespace slipway::githost {
namespace {

const std::string kSecret = "the hook's secret";
const std::string kZero(40, '0');

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Runs a program that has to succeed; its output without the last newline.
std::string Must(std::vector<std::string> argv, const std::string& cwd = "",
                 std::map<std::string, std::string> env = {}) {
  process::ProcessSpec spec;
  spec.argv = std::move(argv);
  spec.cwd = cwd;
  spec.env = std::move(env);
  spec.env["GIT_TERMINAL_PROMPT"] = "0";
  spec.timeout = absl::Seconds(30);
  const auto result = process::Run(spec);
  REQUIRE(result.ok());
  INFO(spec.argv[0] << " " << (spec.argv.size() > 1 ? spec.argv[1] : "") << ": " << result->err);
  REQUIRE(result->ok());
  std::string out = result->out;
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

bool Eventually(absl::Duration limit, const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + limit;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return true;
}

// A git host of the test's own below a temporary folder.
class GitHost {
 public:
  GitHost() : dir_(*TempDir::Create("githost")), port_(FreePort()) {
    const std::string data = dir_.path();
    for (const char* folder :
         {"/bin", "/etc", "/git", "/spool", "/git-state/refs", "/git-state/uploads", "/work"}) {
      REQUIRE(MakeDirectories(data + folder).ok());
    }
    Must({"bash", "-euc",
          ". \"$1/deploy/local/all.sh\"; DATA=$2 GIT_PORT=$3 BIN_DIR=$4; write_git_host_files; "
          "htpasswd -nb5 slipway pass | sed '/^$/d' >$DATA/etc/git/htpasswd",
          "-", Env("SLIPWAY_SOURCE_DIR"), data, std::to_string(port_), Env("SLIPWAY_BIN_DIR")});
    process::ProcessSpec spec;
    spec.argv = {"lighttpd", "-D", "-f", data + "/etc/git/lighttpd.conf"};
    spec.env = {{"PATH", "/usr/sbin:/usr/bin:/bin"}};
    spec.out = process::OutputSink::Discard();
    spec.err = process::OutputSink::Discard();
    auto started = process::Process::Start(spec);
    REQUIRE(started.ok());
    lighttpd_ = std::make_unique<process::Process>(std::move(*started));
    REQUIRE(Eventually(absl::Seconds(10), [&] { return Status("/", "") == 401; }));
  }

  std::string data() const { return dir_.path(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string git_dir(const std::string& repository) const { return data() + "/git/" + repository; }
  bool SpoolIsEmpty() const { return std::filesystem::is_empty(data() + "/spool"); }

  int Status(const std::string& path, const std::string& password) {
    http::HttpRequest request;
    request.url = url() + path;
    if (!password.empty()) {
      request.username = "slipway";
      request.password = password;
    }
    const auto response = client_.Send(request);
    return response.ok() ? response->status : 0;
  }

  // git's settings by environment, as .slipway/env has them.
  std::map<std::string, std::string> GitEnv() const {
    return {{"GIT_CONFIG_COUNT", "1"},
            {"GIT_CONFIG_KEY_0", "http." + url() + "/.extraHeader"},
            {"GIT_CONFIG_VALUE_0", "Authorization: Basic " + Base64Encode("slipway:pass")},
            {"GIT_CONFIG_GLOBAL", "/dev/null"},
            {"GIT_AUTHOR_NAME", "Ann"},
            {"GIT_AUTHOR_EMAIL", "ann@example.org"},
            {"GIT_COMMITTER_NAME", "Ben"},
            {"GIT_COMMITTER_EMAIL", "ben@example.org"}};
  }

  std::string Git(std::vector<std::string> args, const std::string& cwd) {
    args.insert(args.begin(), "git");
    return Must(std::move(args), cwd, GitEnv());
  }

  // A work tree on branch `branch`.
  std::string NewWorkTree(const std::string& branch) {
    const std::string tree = data() + "/work/" + std::to_string(++trees_);
    REQUIRE(MakeDirectories(tree).ok());
    Git({"init", "-q", "-b", branch}, tree);
    return tree;
  }
  std::string Commit(const std::string& tree, const std::string& file, const std::string& text) {
    REQUIRE(WriteFileAtomic(tree + "/" + file, text, 0644).ok());
    Git({"add", "-A"}, tree);
    Git({"commit", "-q", "-m", "change " + file}, tree);
    return Git({"rev-parse", "HEAD"}, tree);
  }

 private:
  TempDir dir_;
  const int port_;
  int trees_ = 0;
  http::HttpClient client_;
  std::unique_ptr<process::Process> lighttpd_;
};

// The sender in a thread of the test.
class RunningSender {
 public:
  RunningSender(const GitHost& host, int receiver_port)
      : sender_({.spool_dir = host.data() + "/spool",
                 .state_dir = host.data() + "/git-state/refs",
                 .repositories_dir = host.data() + "/git",
                 .stamp_file = host.data() + "/git-state/host-started",
                 .git_url = host.url(),
                 .hook_url =
                     "http://127.0.0.1:" + std::to_string(receiver_port) + "/webhooks/github/local",
                 .secret = kSecret},
                clock_),
        thread_([this](std::stop_token stop) { static_cast<void>(sender_.Run(stop)); }) {}

 private:
  SystemClock clock_;
  PushSender sender_;
  std::jthread thread_;
};

boost::json::value BodyOf(const HookReceiver::Request& request) {
  const auto body = json::Parse(request.body);
  REQUIRE(body.ok());
  return *body;
}

std::string Text(const boost::json::value& body, const std::string& path) {
  INFO(path);
  const auto text = json::GetString(body, path);
  REQUIRE(text);
  return *text;
}

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
    process::ProcessSpec spec;
    spec.argv = {"git", "push", "-q", host.url() + "/demo/many.git",
                 "main:refs/heads/b" + std::to_string(i)};
    spec.cwd = tree;
    spec.env = host.GitEnv();
    spec.out = process::OutputSink::Discard();
    spec.err = process::OutputSink::Discard();
    auto started = process::Process::Start(spec);
    REQUIRE(started.ok());
    pushes.push_back(std::move(*started));
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

}  // namespace
}  // namespace slipway::githost
