#include "deploy/local/githost/testing_git_host.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "absl/time/clock.h"
#include "libs/base/encoding.h"
#include "libs/json/json.h"
#include "libs/process/run.h"

namespace slipway::githost {

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Must(std::vector<std::string> argv, const std::string& cwd,
                 std::map<std::string, std::string> env) {
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

GitHost::GitHost() : dir_(*TempDir::Create("githost")), port_(FreePort()) {
  for (const char* folder :
       {"/bin", "/etc", "/git", "/spool", "/git-state/refs", "/git-state/uploads", "/work"}) {
    REQUIRE(MakeDirectories(data() + folder).ok());
  }
  Must({"bash", "-euc",
        ". \"$1/deploy/local/all.sh\"; DATA=$2 GIT_PORT=$3 BIN_DIR=$4; write_git_host_files; "
        "htpasswd -nb5 slipway pass | sed '/^$/d' >$DATA/etc/git/htpasswd",
        "-", Env("SLIPWAY_SOURCE_DIR"), data(), std::to_string(port_), Env("SLIPWAY_BIN_DIR")});
  Start();
}

void GitHost::Start() {
  lighttpd_.reset();
  Must({"touch", data() + "/git-state/host-started"});
  process::ProcessSpec spec;
  spec.argv = {"lighttpd", "-D", "-f", data() + "/etc/git/lighttpd.conf"};
  spec.env = {{"PATH", "/usr/sbin:/usr/bin:/bin"}};
  spec.out = process::OutputSink::Discard();
  spec.err = process::OutputSink::Discard();
  auto started = process::Process::Start(spec);
  REQUIRE(started.ok());
  lighttpd_ = std::make_unique<process::Process>(std::move(*started));
  REQUIRE(Eventually(absl::Seconds(10), [&] { return Status("/", "") == 401; }));
}

bool GitHost::SpoolIsEmpty() const { return std::filesystem::is_empty(data() + "/spool"); }

int GitHost::Status(const std::string& path, const std::string& password) {
  http::HttpRequest request;
  request.url = url() + path;
  if (!password.empty()) {
    request.username = "slipway";
    request.password = password;
  }
  const auto response = client_.Send(request);
  return response.ok() ? response->status : 0;
}

std::map<std::string, std::string> GitHost::GitEnv() const {
  return {{"GIT_CONFIG_COUNT", "1"},
          {"GIT_CONFIG_KEY_0", "http." + url() + "/.extraHeader"},
          {"GIT_CONFIG_VALUE_0", "Authorization: Basic " + Base64Encode("slipway:pass")},
          {"GIT_CONFIG_GLOBAL", "/dev/null"},
          {"GIT_TERMINAL_PROMPT", "0"},
          {"GIT_AUTHOR_NAME", "Ann"},
          {"GIT_AUTHOR_EMAIL", "ann@example.org"},
          {"GIT_COMMITTER_NAME", "Ben"},
          {"GIT_COMMITTER_EMAIL", "ben@example.org"}};
}

std::string GitHost::Git(std::vector<std::string> args, const std::string& cwd) {
  args.insert(args.begin(), "git");
  return Must(std::move(args), cwd, GitEnv());
}

process::Process GitHost::StartGit(std::vector<std::string> args, const std::string& cwd) const {
  process::ProcessSpec spec;
  spec.argv = std::move(args);
  spec.argv.insert(spec.argv.begin(), "git");
  spec.cwd = cwd;
  spec.env = GitEnv();
  spec.out = process::OutputSink::Discard();
  spec.err = process::OutputSink::Discard();
  auto started = process::Process::Start(spec);
  REQUIRE(started.ok());
  return std::move(*started);
}

std::string GitHost::NewWorkTree(const std::string& branch) {
  const std::string tree = data() + "/work/" + std::to_string(++trees_);
  REQUIRE(MakeDirectories(tree).ok());
  Git({"init", "-q", "-b", branch}, tree);
  return tree;
}

std::string GitHost::Commit(const std::string& tree, const std::string& file,
                            const std::string& text) {
  REQUIRE(WriteFileAtomic(tree + "/" + file, text, 0644).ok());
  Git({"add", "-A"}, tree);
  Git({"commit", "-q", "-m", "change " + file}, tree);
  return Git({"rev-parse", "HEAD"}, tree);
}

RunningSender::RunningSender(const GitHost& host, int receiver_port)
    : sender_({.spool_dir = host.data() + "/spool",
               .state_dir = host.data() + "/git-state/refs",
               .repositories_dir = host.data() + "/git",
               .stamp_file = host.data() + "/git-state/host-started",
               .git_url = host.url(),
               .hook_url =
                   "http://127.0.0.1:" + std::to_string(receiver_port) + "/webhooks/github/local",
               .secret = kSecret},
              clock_, metrics_),
      thread_([this](std::stop_token stop) { static_cast<void>(sender_.Run(stop)); }) {}

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

}  // namespace slipway::githost
