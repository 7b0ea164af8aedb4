#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "libs/base/file.h"
#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"
#include "libs/git/remote.h"

namespace slipway::git {

// A git server for tests: real `git http-backend` behind a small HTTP server on a free loopback
// port, in this process. Repositories are bare ones below its folder. Aborts the test program when
// the machine can't do it. Thread-safe.
class GitServer {
 public:
  GitServer();
  ~GitServer();

  // Makes an empty bare repository; `name` like "demo/hello".
  void CreateRepository(const std::string& name);
  // Commits `files` (path, content) to `branch` of a repository in the way of a user: through a
  // clone. Returns the sha.
  std::string Commit(const std::string& name, const std::string& branch,
                     const std::vector<std::pair<std::string, std::string>>& files,
                     const std::string& message);
  // Runs git in the bare repository and returns its trimmed output.
  std::string Git(const std::string& name, const std::vector<std::string>& arguments);

  std::string Url(const std::string& name) const;
  GitRemote Remote(const std::string& name) const { return {Url(name), username_, password_}; }
  std::string FolderOf(const std::string& name) const { return root_.path() + "/" + name + ".git"; }

  // From now on HTTP Basic is asked for.
  void RequirePassword(const std::string& username, const std::string& password);
  // From now on every request gets this status line ("403 Forbidden"), header lines and body; "" is
  // normal again.
  void AnswerWith(const std::string& status, const std::string& headers = "",
                  const std::string& body = "");
  // From now on requests are read and never answered, until false is given.
  void SetSilent(bool silent) { silent_ = silent; }

  // Waits until a request has met silence.
  void AwaitSilentRequest() { met_silence_.wait(false); }

  // The next fetch is told which refs there are as it asks, but only when AnswerNow is called, at
  // the latest after `limit`.
  void KeepBackRefs(absl::Duration limit);
  void AnswerNow();
  // Waits until such an answer is being kept back.
  void AwaitKeptBack() const { kept_back_.wait(false); }

  // How many fetches began (requests for the list of refs).
  int ListRequests() const { return list_requests_; }

 private:
  void Serve();
  void Handle(UniqueFd connection);
  std::string Answer(const std::string& head, const std::string& body);
  void Keep();

  TempDir root_;
  UniqueFd listener_;
  int port_ = 0;
  std::string username_, password_;
  Mutex mu_;
  std::condition_variable changed_;
  std::string required_, status_, answer_;
  absl::Duration keep_back_ = absl::ZeroDuration();
  std::atomic<bool> kept_back_ = false;
  std::atomic<bool> silent_ = false;
  std::atomic<bool> met_silence_ = false;
  std::atomic<int> list_requests_ = 0;
  std::atomic<bool> closing_ = false;
  std::vector<std::jthread> connections_;
  std::thread acceptor_;
};

}  // namespace slipway::git
