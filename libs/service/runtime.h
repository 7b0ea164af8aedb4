#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "libs/base/clock.h"
#include "libs/config/config.h"
#include "libs/db/migrate.h"
#include "libs/db/pool.h"
#include "libs/rpc/call_gate.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/push_stream.h"
#include "libs/rpc/server.h"
#include "libs/service/admin_server.h"
#include "libs/service/audit_outbox.h"
#include "libs/telemetry/metrics.h"

namespace slipway::service {

// Settings that all services with a database share.
struct CommonConfig {
  std::string listen;
  std::string admin_listen;
  std::string database;
  std::string auth_address;
  std::string service_token_file;
  std::string data_dir;
  std::string log_level = "info";
  int database_connections = 6;

  // Binds the fields to flags. `with_auth`: auth_address and service_token_file are needed (all
  // services but auth).
  void Bind(config::ConfigParser& parser, bool with_auth = true);
};

// What every service's App stands on, made in order: log, database with migrations, identity, call
// gate, streams, audit. Owned by App as its first member, so that it is destroyed last. Thread-safe
// after Create.
class Runtime {
 public:
  struct Options {
    std::string name;  // "build": also the schema
    CommonConfig config;
    std::vector<db::MigrationSet>
        migrations;  // the service's and those of its libs; "audit" is added
    // For auth itself, which asks nobody: verification keys, exchange and audit without a call.
    rpc::AssertionVerifier::FetchKeys fetch_keys = {};
    rpc::TokenExchange exchange = {};
    AuditAppend audit_append = {};
  };
  // Waits up to 30 s for the database, then migrates. FAILED_PRECONDITION and UNAVAILABLE say what
  // is wrong.
  static absl::StatusOr<std::unique_ptr<Runtime>> Create(Options options);
  ~Runtime();

  Clock& clock() { return clock_; }
  db::Pool& pool() { return *pool_; }
  telemetry::Metrics& metrics() { return metrics_; }
  rpc::CallGate& gate() { return *gate_; }
  rpc::StreamHub& streams() { return *streams_; }
  AuditOutbox& audit() { return *audit_; }
  const CommonConfig& config() const { return options_.config; }
  const std::string& name() const { return options_.name; }

  // A peer at `address`, called as this service.
  rpc::Peer MakePeer(const std::string& address);

  // Registers permissions of all RPCs in `contracts`, starts the gRPC and the admin server and
  // reports ready.
  absl::Status Serve(const std::vector<grpc::Service*>& services,
                     const std::vector<const google::protobuf::ServiceDescriptor*>& contracts);

  // Blocks until SIGTERM or SIGINT. Signals must have been blocked by BlockSignals before threads
  // were started.
  static void BlockSignals();
  void WaitForSignal();
  // Not serving, streams end, calls get up to 10 s. Called by App before it stops its loops.
  void Shutdown();

  int port() const { return server_ ? server_->port() : 0; }

 private:
  explicit Runtime(Options options);
  absl::Status Init();

  Options options_;
  SystemClock clock_;
  telemetry::Metrics metrics_;
  std::unique_ptr<db::Pool> pool_;
  std::shared_ptr<grpc::Channel> auth_channel_;
  std::unique_ptr<rpc::AssertionSource> identity_;
  std::unique_ptr<rpc::AssertionVerifier> verifier_;
  std::unique_ptr<AuditOutbox> audit_;
  std::unique_ptr<rpc::CallGate> gate_;
  std::unique_ptr<rpc::StreamHub> streams_;
  std::unique_ptr<rpc::Server> server_;
  std::unique_ptr<AdminServer> admin_;
};

}  // namespace slipway::service
