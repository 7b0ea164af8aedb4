#include "services/build/service.h"

#include "embed/build_sql.h"
#include "libs/journal/journal.h"

namespace slipway::build {

Service::Service(Surroundings s)
    : outbox_(s.pool, &s.metrics),
      logs_(s.data_dir + "/logs", s.log_limit),
      log_reader_(logs_, s.blobs),
      core_{.pool = s.pool, .clock = s.clock, .outbox = outbox_, .limits = s.limits},
      dispatcher_(core_, s.pipeline),
      sessions_(core_, dispatcher_),
      reports_(core_, logs_),
      run_commands_(core_, s.pipeline),
      runner_commands_(core_, sessions_, s.auth),
      queries_(core_),
      sweeper_(core_, s.metrics),
      work_(core_, s.pipeline, logs_, s.blobs),
      log_pruner_(core_, s.metrics),
      janitor_(s.pool, s.clock, outbox_,
               [this](absl::Time now, int limit) { return log_pruner_.Prune(now, limit); }),
      build_api_(
          {s.gate, s.streams, core_, run_commands_, runner_commands_, queries_, log_reader_}),
      runner_api_({s.gate, s.streams, sessions_, reports_}) {
  core_.on_ready = [this] { dispatcher_.Wake(); };
  core_.on_work = [this] { work_.Wake(); };
}

Service::~Service() { Stop(); }

std::vector<db::MigrationSet> Service::Migrations() {
  return {{"build", sql::kFiles}, journal::Migrations(), events::Migrations()};
}

void Service::Start() {
  outbox_.Start();
  dispatcher_.Start();
  sweeper_.Start();
  work_.Start();
  janitor_.Start();
}

void Service::Stop() {
  dispatcher_.Stop();
  sweeper_.Stop();
  work_.Stop();
  janitor_.Stop();
  outbox_.Stop();
}

}  // namespace slipway::build
