#include "services/gitops/testing/gitops_process.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "libs/base/file.h"
#include "libs/process/pipe.h"

namespace slipway::gitops {

GitOpsProcess::GitOpsProcess(const db::TestDatabase& database, const std::string& root,
                             const std::string& name,
                             const std::map<std::string, std::string>& flags) {
  const std::string data = root + "/" + name;
  const std::string nobody = "unix:" + root + "/nobody.sock";
  REQUIRE(MakeDirectories(data).ok());
  REQUIRE(WriteFileAtomic(data + "/key", std::string(64, 'a') + "\n", 0600).ok());
  REQUIRE(WriteFileAtomic(data + "/token", "the-token\n", 0600).ok());
  auto pipe = process::MakePipe();
  REQUIRE(pipe.ok());
  std::map<std::string, std::string> all = {{"listen", "unix:" + data + "/gitops.sock"},
                                            {"admin-listen", "unix:" + data + "/admin.sock"},
                                            {"database", database.dsn()},
                                            {"auth-address", nobody},
                                            {"pipeline-address", nobody},
                                            {"build-address", nobody},
                                            {"service-token-file", data + "/token"},
                                            {"kek-file", data + "/key"},
                                            {"data-dir", data},
                                            {"instance", name}};
  for (const auto& [flag, value] : flags) all[flag] = value;
  process::ProcessSpec spec;
  spec.argv = {std::string(std::getenv("SLIPWAY_BIN_DIR")) + "/slipway-gitops"};
  for (const auto& [flag, value] : all) {
    spec.argv.push_back("--" + flag);
    spec.argv.push_back(value);
  }
  spec.out = process::OutputSink::Fd(pipe->write.get());
  spec.err = process::OutputSink::Fd(pipe->write.get());
  auto started = process::Process::Start(spec);
  REQUIRE(started.ok());
  process_ = std::make_unique<process::Process>(*std::move(started));
  reader_ = std::jthread([this, read = std::move(pipe->read)] { Read(read.get()); });
}

GitOpsProcess::~GitOpsProcess() { End(SIGKILL); }

bool GitOpsProcess::Says(const std::string& what) {
  std::unique_lock lock(mu_);
  return changed_.wait_for(lock, std::chrono::seconds(10),
                           [&] { return log_.find(what) != std::string::npos; });
}

bool GitOpsProcess::HasSaid(const std::string& what) {
  std::lock_guard lock(mu_);
  return log_.find(what) != std::string::npos;
}

void GitOpsProcess::End(int signal) {
  if (process_ == nullptr) return;
  ::kill(process_->pid(), signal);
  const auto ended = process_->Wait(absl::Seconds(20));
  CHECK((ended.ok() && ended->has_value()));
  process_.reset();
  reader_.join();
}

void GitOpsProcess::Read(int fd) {
  char buffer[4096];
  ssize_t n;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0) {
    std::lock_guard lock(mu_);
    log_.append(buffer, static_cast<size_t>(n));
    changed_.notify_all();
  }
}

}  // namespace slipway::gitops
