// Pushes that are cut off by kill -9, at each point of their way through the real parts: afterwards
// the repository is whole, the same push is accepted, and its commit was delivered exactly once.

#include <fcntl.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "deploy/local/githost/testing_git_host.h"
#include "libs/base/strings.h"
#include "libs/base/unique_fd.h"

namespace slipway::githost {
namespace {

namespace fs = std::filesystem;

// Where the push is held when it is killed, in the order of its way.
enum class Point { kReceived, kRefLocked, kRefMoved, kBeforeRecord, kAfterRecord };
constexpr Point kAllPoints[] = {Point::kReceived, Point::kRefLocked, Point::kRefMoved,
                                Point::kBeforeRecord, Point::kAfterRecord};
constexpr Point kHookPoints[] = {Point::kBeforeRecord, Point::kAfterRecord};

// Holds the next push at a point by hooks in git's own places; later pushes pass.
class Hold {
 public:
  Hold(GitHost& host, Point point)
      : reached_(host.data() + "/reached"), release_(host.data() + "/release") {
    const std::string hooks = host.data() + "/etc/git/hooks/";
    const std::string real = host.data() + "/bin/slipway-post-receive";
    Must({"mkfifo", release_});
    const std::string hold = "mkdir " + reached_ + " 2>/dev/null && read -r x <" + release_ + "\n";
    switch (point) {
      case Point::kReceived:
        Put(hooks + "pre-receive", hold + "exit 0\n");
        break;
      case Point::kRefLocked:
        Put(hooks + "reference-transaction", "[ $1 = prepared ] || exit 0\n" + hold + "exit 0\n");
        break;
      case Point::kRefMoved:
        Put(hooks + "reference-transaction", "[ $1 = committed ] || exit 0\n" + hold + "exit 0\n");
        break;
      case Point::kBeforeRecord:
        Put(hooks + "post-receive", hold + "exec " + real + "\n");
        break;
      case Point::kAfterRecord:
        Put(hooks + "post-receive", real + "\n" + hold + "exit 0\n");
        break;
    }
  }
  bool Reached() {
    return Eventually(absl::Seconds(20), [&] { return PathExists(reached_); });
  }
  // Lets go what was held and still lives; with nobody there it does nothing.
  void Release() { const UniqueFd fd(::open(release_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)); }

 private:
  static void Put(const std::string& hook, const std::string& lines) {
    REQUIRE(WriteFileAtomic(hook, "#!/bin/sh\n" + lines, 0755).ok());
  }
  const std::string reached_, release_;
};

// A process below another one, from /proc.
struct Descendant {
  pid_t pid;
  std::string command;
};

void AddDescendants(pid_t parent, std::vector<Descendant>& out) {
  const auto children =
      ReadFile("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  if (!children.ok()) return;
  for (const std::string& word : Split(*children, ' ')) {
    if (word.empty()) continue;
    const pid_t pid = std::stoi(word);
    out.push_back({pid, ReadFile("/proc/" + word + "/cmdline").value_or("")});
    AddDescendants(pid, out);
  }
}

std::vector<Descendant> DescendantsOf(pid_t parent) {
  std::vector<Descendant> out;
  AddDescendants(parent, out);
  return out;
}

// kill -9 of the first process whose command line holds `word`, and of all below it.
void KillFrom(pid_t root, const std::string& word) {
  for (const Descendant& one : DescendantsOf(root)) {
    if (one.command.find(word) == std::string::npos) continue;
    const auto below = DescendantsOf(one.pid);
    ::kill(one.pid, SIGKILL);
    for (const Descendant& child : below) ::kill(child.pid, SIGKILL);
    return;
  }
  FAIL("no process " << word);
}

void KillWebServer(GitHost& host) { ::kill(host.web_server().pid(), SIGKILL); }

void KillWebServerAndAllBelow(GitHost& host) {
  const auto below = DescendantsOf(host.web_server().pid());
  REQUIRE_FALSE(below.empty());
  KillWebServer(host);
  for (const Descendant& one : below) ::kill(one.pid, SIGKILL);
}

void KillReceivePack(GitHost& host) { KillFrom(host.web_server().pid(), "receive-pack"); }

void KillHook(GitHost& host) { KillFrom(host.web_server().pid(), "hooks/post-receive"); }

struct Expected {
  bool client_sees_error = true;
  bool host_dies = true;
};

void CutOff(Point point, void (*kill_parts)(GitHost&), Expected expected) {
  INFO("point " << static_cast<int>(point));
  GitHost host;
  HookReceiver receiver;
  const RunningSender sender(host, receiver.port());
  const std::string url = host.url() + "/demo/hello.git";
  const std::string tree = host.NewWorkTree("main");
  const std::string first = host.Commit(tree, "a.txt", "1");
  host.Git({"push", "-q", url, "main"}, tree);
  REQUIRE(receiver.Next(absl::Seconds(10)));

  Hold hold(host, point);
  const std::string second = host.Commit(tree, "a.txt", "2");
  process::Process push = host.StartGit({"push", "-q", url, "main"}, tree);
  REQUIRE(hold.Reached());
  kill_parts(host);
  const auto ended = push.Wait(absl::Seconds(20));
  REQUIRE((ended.ok() && *ended));
  CHECK((*ended)->ok() != expected.client_sees_error);
  if (expected.host_dies) host.Start();
  hold.Release();

  // The same push again is accepted, whether the first one moved the ref or not. It is refused only
  // while what was held moves the ref itself.
  CHECK(Eventually(absl::Seconds(20), [&] {
    const auto again = host.StartGit({"push", "-q", url, "main"}, tree).Wait(absl::Seconds(20));
    return again.ok() && *again && (*again)->ok();
  }));
  host.Git({"fsck", "--full", "--strict"}, host.git_dir("demo/hello.git"));
  CHECK(host.Git({"rev-parse", "main"}, host.git_dir("demo/hello.git")) == second);
  const auto delivery = receiver.Next(absl::Seconds(10));
  REQUIRE(delivery);
  CHECK(Text(BodyOf(*delivery), "before") == first);
  CHECK(Text(BodyOf(*delivery), "after") == second);

  // The next delivery is that of the next push: the commit came once.
  const std::string third = host.Commit(tree, "a.txt", "3");
  host.Git({"push", "-q", url, "main"}, tree);
  const auto next = receiver.Next(absl::Seconds(10));
  REQUIRE(next);
  CHECK(Text(BodyOf(*next), "before") == second);
  CHECK(Text(BodyOf(*next), "after") == third);
  CHECK(Eventually(absl::Seconds(5), [&] { return host.SpoolIsEmpty(); }));
  Must({"touch", host.data() + "/git-state/host-started"});
  CHECK_FALSE(receiver.Next(absl::Milliseconds(100)));
  for (const auto& entry : fs::directory_iterator(host.git_dir("demo/hello.git") + "/objects"))
    CHECK(entry.path().filename().string().find("tmp_objdir") == std::string::npos);
}

TEST_CASE("A push whose web server is killed goes on without it and is delivered once") {
  for (const Point point : kAllPoints) CutOff(point, KillWebServer, {});
}

TEST_CASE("A push that is killed with its web server can be repeated and is delivered once") {
  for (const Point point : kAllPoints) CutOff(point, KillWebServerAndAllBelow, {});
}

TEST_CASE("A push whose git-receive-pack is killed under a living web server is delivered once") {
  for (const Point point : kAllPoints) CutOff(point, KillReceivePack, {.host_dies = false});
}

TEST_CASE("A push whose hook is killed is accepted, and delivered once all the same") {
  for (const Point point : kHookPoints)
    CutOff(point, KillHook, {.client_sees_error = false, .host_dies = false});
}

}  // namespace
}  // namespace slipway::githost
