#include <signal.h>

#include <catch2/catch.hpp>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/db/testing/test_database.h"
#include "libs/process/pipe.h"
#include "libs/process/process.h"

namespace slipway::gitops {
namespace {

// One process of the program on a database that it shares with others. What it calls is away: this
// is about who works.
class Replica {
 public:
  Replica(const db::TestDatabase& database, const std::string& root, const std::string& name) {
    const std::string data = root + "/" + name;
    const std::string nobody = "unix:" + root + "/nobody.sock";
    REQUIRE(MakeDirectories(data).ok());
    REQUIRE(WriteFileAtomic(data + "/key", std::string(64, 'a') + "\n", 0600).ok());
    REQUIRE(WriteFileAtomic(data + "/token", "the-token\n", 0600).ok());
    auto pipe = process::MakePipe();
    REQUIRE(pipe.ok());
    process::ProcessSpec spec;
    spec.argv = {std::string(std::getenv("SLIPWAY_BIN_DIR")) + "/slipway-gitops"};
    for (const auto& [flag, value] : std::vector<std::pair<std::string, std::string>>{
             {"listen", "unix:" + data + "/gitops.sock"},
             {"admin-listen", "unix:" + data + "/admin.sock"},
             {"database", database.dsn()},
             {"auth-address", nobody},
             {"pipeline-address", nobody},
             {"build-address", nobody},
             {"service-token-file", data + "/token"},
             {"kek-file", data + "/key"},
             {"data-dir", data},
             {"instance", name}}) {
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
  ~Replica() { End(SIGKILL); }

  // Whether it has said `what` in its log by now, or does so within ten seconds.
  bool Says(const std::string& what) {
    std::unique_lock lock(mu_);
    return changed_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return log_.find(what) != std::string::npos; });
  }
  bool HasSaid(const std::string& what) {
    std::lock_guard lock(mu_);
    return log_.find(what) != std::string::npos;
  }
  void End(int signal) {
    if (process_ == nullptr) return;
    ::kill(process_->pid(), signal);
    const auto ended = process_->Wait(absl::Seconds(20));
    CHECK((ended.ok() && ended->has_value()));
    process_.reset();
    reader_.join();
  }

 private:
  void Read(int fd) {
    char buffer[4096];
    ssize_t n;
    while ((n = ::read(fd, buffer, sizeof buffer)) > 0) {
      std::lock_guard lock(mu_);
      log_.append(buffer, static_cast<size_t>(n));
      changed_.notify_all();
    }
  }

  std::mutex mu_;
  std::condition_variable changed_;
  std::string log_;
  std::unique_ptr<process::Process> process_;
  std::jthread reader_;
};

constexpr char kGained[] = "\"leadership.gained\"";
constexpr char kWaits[] = "\"leadership.waits\"";

}  // namespace

TEST_CASE("of two replicas one works, and the other takes over however the first ends") {
  const int signal = GENERATE(SIGKILL, SIGTERM);
  db::TestDatabase database({}, "gitops");
  const auto root = TempDir::Create("replicas");
  Replica first(database, root->path(), "gitops-0");
  REQUIRE(first.Says(kGained));
  Replica second(database, root->path(), "gitops-1");
  REQUIRE(second.Says(kWaits));
  CHECK_FALSE(second.HasSaid(kGained));
  const absl::Time killed = absl::Now();
  first.End(signal);
  CHECK(second.Says(kGained));
  CHECK(absl::Now() - killed < absl::Seconds(5));
  // The first comes back, and waits for its turn.
  Replica again(database, root->path(), "gitops-0");
  CHECK(again.Says(kWaits));
  CHECK_FALSE(again.HasSaid(kGained));
}

}  // namespace slipway::gitops
