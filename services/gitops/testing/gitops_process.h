#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "libs/db/testing/test_database.h"
#include "libs/process/process.h"

namespace slipway::gitops {

// One process of the program slipway-gitops on a database that it shares with the test or with
// others. The services that it calls are away. Killed at the end. Owned by the test; thread-safe
// but for End.
class GitOpsProcess {
 public:
  // Its files are in ROOT/NAME; `flags` add to or replace its settings.
  GitOpsProcess(const db::TestDatabase& database, const std::string& root, const std::string& name,
                const std::map<std::string, std::string>& flags = {});
  ~GitOpsProcess();

  // Whether it has said `what` in its log by now, or does so within ten seconds.
  bool Says(const std::string& what);
  bool HasSaid(const std::string& what);
  // Sends `signal` and waits for the end.
  void End(int signal);

 private:
  void Read(int fd);

  std::mutex mu_;
  std::condition_variable changed_;
  std::string log_;
  std::unique_ptr<process::Process> process_;
  std::jthread reader_;
};

}  // namespace slipway::gitops
