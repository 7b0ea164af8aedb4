#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "deploy/local/githost/push_sender.h"
#include "deploy/local/githost/testing_hook_receiver.h"
#include "libs/base/clock.h"
#include "libs/base/file.h"
#include "libs/http/client.h"
#include "libs/process/process.h"
#include "libs/telemetry/metrics.h"

// The parts of the git host for its tests; what fails inside fails the test.
namespace slipway::githost {

inline const std::string kSecret = "the hook's secret";
inline const std::string kZero(40, '0');

std::string Env(const char* name);

// Runs a program that has to succeed; its output without the last newline.
std::string Must(std::vector<std::string> argv, const std::string& cwd = "",
                 std::map<std::string, std::string> env = {});

bool Eventually(absl::Duration limit, const std::function<bool()>& condition);

// A git host as tools/up sets it up (lighttpd, CGI program, hook) below a temporary folder.
class GitHost {
 public:
  GitHost();

  // lighttpd as services.sh starts it, after an end of the one before; waits until it answers.
  void Start();
  process::Process& web_server() { return *lighttpd_; }

  std::string data() const { return dir_.path(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::string git_dir(const std::string& repository) const { return data() + "/git/" + repository; }
  bool SpoolIsEmpty() const;

  int Status(const std::string& path, const std::string& password);

  // git's settings by environment, as .slipway/env has them.
  std::map<std::string, std::string> GitEnv() const;
  std::string Git(std::vector<std::string> args, const std::string& cwd);
  // git beside the test, without output.
  process::Process StartGit(std::vector<std::string> args, const std::string& cwd) const;

  // A work tree on branch `branch`.
  std::string NewWorkTree(const std::string& branch);
  std::string Commit(const std::string& tree, const std::string& file, const std::string& text);

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
  RunningSender(const GitHost& host, int receiver_port);

 private:
  SystemClock clock_;
  telemetry::Metrics metrics_{"push-sender"};
  PushSender sender_;
  std::jthread thread_;
};

boost::json::value BodyOf(const HookReceiver::Request& request);
std::string Text(const boost::json::value& body, const std::string& path);

}  // namespace slipway::githost
