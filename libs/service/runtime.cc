#include "libs/service/runtime.h"

#include <malloc.h>
#include <sodium.h>

#include <csignal>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/log/log.h"
#include "slipway/auth/v1/auth.grpc.pb.h"

namespace slipway::service {
namespace {

namespace authpb = slipway::auth::v1;

}  // namespace

void CommonConfig::Bind(config::ConfigParser& parser, bool with_auth) {
  parser.String(&listen, {.flag = "listen",
                          .help = "address of the gRPC server: unix:/path or host:port",
                          .required = true});
  parser.String(
      &admin_listen,
      {.flag = "admin-listen",
       .help = "address of /metrics, /healthz, /readyz and /version: unix:/path or host:port; "
               "empty: none"});
  parser.String(&database, {.flag = "database",
                            .help = "PostgreSQL, in libpq's form",
                            .required = true,
                            .secret = true});
  parser.Int(&database_connections,
             {.flag = "database-connections", .help = "open connections at most, 2 to 100"});
  parser.String(
      &data_dir,
      {.flag = "data-dir", .help = "folder for files of this service", .required = with_auth});
  parser.String(&log_level, {.flag = "log-level", .help = "debug, info, warn or error"});
  if (!with_auth) return;
  parser.String(&auth_address,
                {.flag = "auth-address", .help = "address of the auth service", .required = true});
  parser.String(&service_token_file, {.flag = "service-token-file",
                                      .help = "file with this service's token for auth",
                                      .required = true});
}

Runtime::Runtime(Options options) : options_(std::move(options)), metrics_(options_.name) {}

absl::StatusOr<std::unique_ptr<Runtime>> Runtime::Create(Options options) {
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(options)));
  SLIPWAY_RETURN_IF_ERROR(runtime->Init());
  return runtime;
}

absl::Status Runtime::Init() {
  if (sodium_init() < 0) return absl::InternalError("libsodium can't be used");
  // Large blocks (a password's hash takes 19 MiB) go back to the system when they are freed, and
  // few arenas are kept: the suite has to be small when it is idle.
  mallopt(M_MMAP_THRESHOLD, 512 << 10);
  mallopt(M_ARENA_MAX, 2);
  log::Init(
      {options_.name, log::ParseLevel(options_.config.log_level).value_or(log::Level::kInfo)});

  options_.migrations.push_back({"audit", AuditOutbox::Migrations()});
  SLIPWAY_RETURN_IF_ERROR(
      db::Migrate({.dsn = options_.config.database, .schema = options_.name}, options_.migrations));
  pool_ = std::make_unique<db::Pool>(db::PoolOptions{.dsn = options_.config.database,
                                                     .schema = options_.name,
                                                     .max = options_.config.database_connections,
                                                     .application_name = "slipway-" + options_.name,
                                                     .metrics = &metrics_});

  if (!options_.config.auth_address.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string token,
                             ReadFile(options_.config.service_token_file, 4096));
    auth_channel_ = rpc::MakeChannel(options_.config.auth_address);
    identity_ = std::make_unique<rpc::AssertionSource>(auth_channel_, std::string(Trim(token)));
    options_.fetch_keys = [channel = auth_channel_]() -> absl::StatusOr<std::vector<std::string>> {
      auto stub = authpb::AuthService::NewStub(channel);
      rpc::Peer peer(channel, nullptr);
      SLIPWAY_ASSIGN_OR_RETURN(const auto keys,
                               peer.Call(*stub, &authpb::AuthService::Stub::GetVerificationKeys,
                                         authpb::GetVerificationKeysRequest(),
                                         {.timeout = absl::Seconds(5), .retry = true}));
      return std::vector<std::string>(keys.keys().begin(), keys.keys().end());
    };
    options_.exchange = [channel = auth_channel_](
                            const std::string& bearer,
                            absl::Time deadline) -> absl::StatusOr<std::string> {
      auto stub = authpb::AuthService::NewStub(channel);
      rpc::Peer peer(channel, nullptr);
      authpb::ExchangeRequest request;
      request.set_token(bearer);
      SLIPWAY_ASSIGN_OR_RETURN(
          const auto response,
          peer.Call(*stub, &authpb::AuthService::Stub::Exchange, request,
                    {.timeout = absl::Seconds(5), .deadline = deadline, .retry = true}));
      return response.assertion();
    };
    options_.audit_append = [this](const std::vector<authpb::AuditEntry>& entries) {
      auto stub = authpb::AuthService::NewStub(auth_channel_);
      rpc::Peer peer(auth_channel_, identity_.get());
      authpb::AppendAuditRequest request;
      for (const auto& entry : entries) *request.add_entries() = entry;
      return peer.Call(*stub, &authpb::AuthService::Stub::AppendAudit, request).status();
    };
  }
  verifier_ = std::make_unique<rpc::AssertionVerifier>(clock_, options_.fetch_keys);
  audit_ = std::make_unique<AuditOutbox>(*pool_, clock_, options_.name, options_.audit_append);
  gate_ = std::make_unique<rpc::CallGate>(
      rpc::CallGate::Parts{clock_, *verifier_, options_.exchange, metrics_,
                           [this](const rpc::AuditRecord& record) { audit_->Record(record); }});
  streams_ = std::make_unique<rpc::StreamHub>(*gate_);
  return absl::OkStatus();
}

Runtime::~Runtime() {
  admin_.reset();
  Shutdown();
}

rpc::Peer Runtime::MakePeer(const std::string& address) {
  return {rpc::MakeChannel(address), identity_.get()};
}

absl::Status Runtime::Serve(
    const std::vector<grpc::Service*>& services,
    const std::vector<const google::protobuf::ServiceDescriptor*>& contracts) {
  for (const auto* contract : contracts) gate_->Register(contract);
  SLIPWAY_ASSIGN_OR_RETURN(server_, rpc::Server::Start(options_.config.listen, services));
  if (!options_.config.admin_listen.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(
        admin_, AdminServer::Start(options_.config.admin_listen, metrics_,
                                   [this] { return pool_->Ping(absl::Now() + absl::Seconds(2)); }));
  }
  log::Info("service.ready", "ready", {{"listen", options_.config.listen}});
  return absl::OkStatus();
}

void Runtime::BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void Runtime::WaitForSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  int signal = 0;
  sigwait(&signals, &signal);
  log::Info("service.stopping", "stopping", {{"signal", signal}});
}

void Runtime::Shutdown() {
  if (server_ == nullptr) return;
  server_->SetServing(false);
  streams_->Shutdown();
  server_->Shutdown(absl::Seconds(10));
  server_.reset();
}

}  // namespace slipway::service
