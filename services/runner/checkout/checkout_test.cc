#include "services/runner/checkout/checkout.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/git/testing/git_server.h"
#include "services/runner/sandbox/sandbox.h"

namespace slipway::runner {
namespace {

struct Fixture {
  git::GitServer server;
  TempDir root = *TempDir::Create("checkout-test-");
  std::unique_ptr<git::GitCli> cli = *git::GitCli::Create({});
  git::MirrorStore mirrors{*cli, root.path() + "/mirrors"};
  Checkout checkout{*cli, mirrors};
  int jobs = 0;

  Fixture() { server.CreateRepository("demo/hello"); }
  std::string NewWorkspace() {
    const std::string path = root.path() + "/job-" + std::to_string(++jobs);
    REQUIRE(MakeDirectories(path).ok());
    return path;
  }
};

}  // namespace

TEST_CASE("A commit is checked out from the mirror, which is fetched only when it lacks it") {
  Fixture f;
  const std::string first =
      f.server.Commit("demo/hello", "main", {{"README", "one\n"}, {"bin/run", "x"}}, "one");
  const std::string second = f.server.Commit("demo/hello", "main", {{"README", "two\n"}}, "two");
  f.server.RequirePassword("runner", "secret");
  const git::GitRemote remote = f.server.Remote("demo/hello");

  const std::string workspace = f.NewWorkspace();
  auto out = f.checkout.Run(remote, second, workspace, ".");
  INFO(out.status());
  REQUIRE(out.ok());
  CHECK(*ReadFile(workspace + "/README") == "two\n");
  CHECK(*ReadFile(workspace + "/bin/run") == "x");
  CHECK(ReadFile(workspace + "/.git/config")->find("secret") == std::string::npos);

  const int fetches = f.server.ListRequests();
  out = f.checkout.Run(remote, first, f.NewWorkspace(), "a/b");
  REQUIRE(out.ok());
  CHECK(*ReadFile(out->folder + "/README") == "one\n");
  CHECK(f.server.ListRequests() == fetches);
}

TEST_CASE("A warm checkout of a new push asks the server once") {
  Fixture f;
  const git::GitRemote remote = f.server.Remote("demo/hello");
  std::string sha = f.server.Commit("demo/hello", "main", {{"README", "0\n"}}, "0");
  REQUIRE(f.checkout.Run(remote, sha, f.NewWorkspace(), ".").ok());
  for (int i = 1; i <= 5; ++i) {
    sha = f.server.Commit("demo/hello", "main", {{"README", std::to_string(i)}}, "next");
    const int before = f.server.ListRequests();
    REQUIRE(f.checkout.Run(remote, sha, f.NewWorkspace(), ".").ok());
    CHECK(f.server.ListRequests() == before + 1);
  }
}

TEST_CASE("A mirror is not pruned while a job holds its checkout") {
  Fixture f;
  const std::string sha = f.server.Commit("demo/hello", "main", {{"README", "one\n"}}, "one");
  auto out = f.checkout.Run(f.server.Remote("demo/hello"), sha, f.NewWorkspace(), ".");
  REQUIRE(out.ok());
  CHECK(f.mirrors.Prune(absl::InfiniteFuture(), 0, {}).removed == 0);
  const std::string objects = out->objects;
  out = absl::CancelledError("the job has ended");
  CHECK(f.mirrors.Prune(absl::InfiniteFuture(), 0, {}).removed == 1);
  CHECK_FALSE(PathExists(objects));
  CHECK(f.checkout.Run(f.server.Remote("demo/hello"), sha, f.NewWorkspace(), ".").ok());
}

TEST_CASE("A step can run git in a checkout") {
  Fixture f;
  const std::string sha =
      f.server.Commit("demo/hello", "main", {{"README", "one\n"}}, "the subject");
  const std::string workspace = f.NewWorkspace();
  const auto out = f.checkout.Run(f.server.Remote("demo/hello"), sha, workspace, "src");
  REQUIRE(out.ok());
  auto sandbox = Sandbox::Detect({});
  REQUIRE(sandbox.ok());
  SandboxCommand command;
  command.workspace = workspace;
  command.folder = "src";
  command.read_only = {out->objects};
  command.script = "git log -1 --format='%H %s'; git status --porcelain";
  std::string output;
  REQUIRE((*sandbox)
              ->Run(command, JobCgroup({}, "", {}), [&](std::string_view s) { output += s; }, {})
              .ok());
  CHECK(output == sha + " the subject\n");
}

TEST_CASE("What can't be checked out is named") {
  Fixture f;
  f.server.Commit("demo/hello", "main", {{"README", "one\n"}}, "one");
  const git::GitRemote remote = f.server.Remote("demo/hello");
  CHECK_FALSE(f.checkout.Run(remote, std::string(40, 'a'), f.NewWorkspace(), ".").ok());
  for (const std::string commit : {"main", "--upload-pack=x", "HEAD", ""}) {
    CHECK(f.checkout.Run(remote, commit, f.NewWorkspace(), ".").status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
  for (const std::string url :
       {"--upload-pack=touch /tmp/x", "ext::sh -c x", "file:///etc", "/etc"}) {
    INFO(url);
    CHECK_FALSE(f.checkout.Run({url, "", ""}, std::string(40, 'a'), f.NewWorkspace(), ".").ok());
  }
}

TEST_CASE("A checkout path never leaves the workspace") {
  const TempDir root = *TempDir::Create("beneath-");
  REQUIRE(MakeDirectories(root.path() + "/work/inner").ok());
  REQUIRE(MakeDirectories(root.path() + "/outside").ok());
  REQUIRE(::symlink("../outside", (root.path() + "/work/link").c_str()) == 0);
  REQUIRE(::symlink("inner", (root.path() + "/work/inner-link").c_str()) == 0);
  const std::string work = root.path() + "/work";
  for (const std::string path :
       {"", "/", "/etc", "..", "a/../../b", "link", "link/x", "inner-link/x"}) {
    INFO(path);
    CHECK(MakeFolderBeneath(work, path).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(*MakeFolderBeneath(work, ".") == work);
  CHECK(*MakeFolderBeneath(work, "./a//b/") == work + "/a/b");
}

}  // namespace slipway::runner
