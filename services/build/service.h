#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/db/migrate.h"
#include "libs/db/pool.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/push_stream.h"
#include "libs/service/janitor.h"
#include "libs/telemetry/metrics.h"
#include "services/build/api/build_api.h"
#include "services/build/api/runner_api.h"
#include "services/build/engine/dispatcher.h"
#include "services/build/engine/log_pruner.h"
#include "services/build/engine/sweeper.h"
#include "services/build/engine/work_loop.h"

namespace slipway::build {

// Everything of this service but its connections to the outside: constructs and owns stores, use
// cases, loops and adapters, in order. Owned by App, and by tests that bring their own database and
// peers.
class Service {
 public:
  struct Surroundings {
    db::Pool& pool;
    Clock& clock;
    rpc::CallGate& gate;
    rpc::StreamHub& streams;
    telemetry::Metrics& metrics;
    PipelinePeer& pipeline;
    AuthPeer& auth;
    blob::BlobStore& blobs;
    std::string data_dir = {};
    int64_t log_limit = 64 << 20;
    EngineLimits limits = {};
  };
  explicit Service(Surroundings surroundings);
  ~Service();

  // Tables of this service and of the libs whose tables lie in its schema.
  static std::vector<db::MigrationSet> Migrations();

  // Loops: dispatcher, sweeper, work, events, janitor.
  void Start();
  void Stop();

  Core& core() { return core_; }
  Dispatcher& dispatcher() { return dispatcher_; }
  Sweeper& sweeper() { return sweeper_; }
  WorkLoop& work() { return work_; }
  service::Janitor& janitor() { return janitor_; }
  BuildApi& build_api() { return build_api_; }
  RunnerApi& runner_api() { return runner_api_; }

 private:
  events::Outbox outbox_;
  LogStore logs_;
  LogReader log_reader_;
  Core core_;
  Dispatcher dispatcher_;
  RunnerSessions sessions_;
  Reports reports_;
  RunCommands run_commands_;
  RunnerCommands runner_commands_;
  Queries queries_;
  Sweeper sweeper_;
  WorkLoop work_;
  LogPruner log_pruner_;
  service::Janitor janitor_;
  BuildApi build_api_;
  RunnerApi runner_api_;
};

}  // namespace slipway::build
