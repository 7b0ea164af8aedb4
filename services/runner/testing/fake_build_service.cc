#include "services/runner/testing/fake_build_service.h"

#include <chrono>
#include <ctime>
#include <utility>

#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"

namespace slipway::runner {

class FakeBuildService::Auth final : public auth::v1::AuthService::Service {
 public:
  grpc::Status Exchange(grpc::ServerContext*, const auth::v1::ExchangeRequest* request,
                        auth::v1::ExchangeResponse* response) override {
    response->set_assertion("assertion of " + request->token());
    response->mutable_expire_time()->set_seconds(std::time(nullptr) + 60);
    return grpc::Status::OK;
  }
};

class FakeBuildService::Runners final : public build::v1::RunnerService::Service {
 public:
  explicit Runners(FakeBuildService& owner) : owner_(owner) {}

  grpc::Status WatchLeases(grpc::ServerContext* context,
                           const build::v1::WatchLeasesRequest* request,
                           grpc::ServerWriter<build::v1::LeaseMessage>* writer) override {
    if (!Has(*context, "authorization", "Bearer the-token"))
      return {grpc::StatusCode::UNAUTHENTICATED, "no token"};
    build::v1::LeaseMessage hello;
    hello.mutable_hello()->set_lease_seconds(9);
    hello.mutable_hello()->set_heartbeat_seconds(1);
    writer->Write(hello);
    std::unique_lock<Mutex> lock(owner_.mu_);
    owner_.streams_.push_back(*request);
    owner_.changed_.notify_all();
    while (!context->IsCancelled() && !owner_.closing_) {
      owner_.changed_.wait_for(lock, std::chrono::milliseconds(20));
      while (!owner_.messages_.empty()) {
        if (!writer->Write(owner_.messages_.front())) return grpc::Status::OK;
        owner_.messages_.pop_front();
      }
    }
    return {grpc::StatusCode::UNAVAILABLE, "stopping"};
  }
  grpc::Status Heartbeat(grpc::ServerContext*, const build::v1::HeartbeatRequest* request,
                         build::v1::HeartbeatResponse* response) override {
    MutexLock lock(owner_.mu_);
    for (const auto& key : request->leases()) owner_.renewed_.insert(key.job());
    for (const auto& key : owner_.lost_) *response->add_lost() = key;
    owner_.changed_.notify_all();
    return grpc::Status::OK;
  }
  grpc::Status ReportSteps(grpc::ServerContext* context,
                           const build::v1::ReportStepsRequest* request,
                           build::v1::ReportStepsResponse*) override {
    if (!Signed(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "no assertion"};
    return rpc::ToGrpc(owner_.state_.ReportSteps(*request));
  }
  grpc::Status AppendLog(grpc::ServerContext* context, const build::v1::AppendLogRequest* request,
                         build::v1::AppendLogResponse* response) override {
    if (!Signed(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "no assertion"};
    const absl::StatusOr<int64_t> size = owner_.state_.AppendLog(*request);
    if (size.ok()) response->set_size(*size);
    return rpc::ToGrpc(size.status());
  }
  grpc::Status CompleteJob(grpc::ServerContext* context,
                           const build::v1::CompleteJobRequest* request,
                           build::v1::CompleteJobResponse*) override {
    if (!Signed(*context)) return {grpc::StatusCode::UNAUTHENTICATED, "no assertion"};
    return rpc::ToGrpc(owner_.state_.CompleteJob(*request));
  }

 private:
  static bool Has(const grpc::ServerContext& context, const char* key, const std::string& value) {
    const auto found = context.client_metadata().find(key);
    return found != context.client_metadata().end() &&
           std::string(found->second.data(), found->second.size()) == value;
  }
  static bool Signed(const grpc::ServerContext& context) {
    return Has(context, "slipway-assertion-bin", "assertion of the-token");
  }

  FakeBuildService& owner_;
};

FakeBuildService::FakeBuildService(std::string socket)
    : address_("unix:" + std::move(socket)),
      auth_(std::make_unique<Auth>()),
      runners_(std::make_unique<Runners>(*this)) {
  Start();
}

FakeBuildService::~FakeBuildService() { Stop(); }

void FakeBuildService::Start() {
  {
    MutexLock lock(mu_);
    closing_ = false;
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address_, grpc::InsecureServerCredentials());
  builder.RegisterService(auth_.get());
  builder.RegisterService(runners_.get());
  server_ = builder.BuildAndStart();
  SLIPWAY_CHECK(server_ != nullptr);
}

void FakeBuildService::Stop() {
  if (server_ == nullptr) return;
  {
    MutexLock lock(mu_);
    closing_ = true;
    changed_.notify_all();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeBuildService::Push(build::v1::LeaseMessage message) {
  MutexLock lock(mu_);
  messages_.push_back(std::move(message));
  changed_.notify_all();
}

bool FakeBuildService::WaitForStream(size_t n) {
  std::unique_lock<Mutex> lock(mu_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return streams_.size() >= n; });
}

std::vector<build::v1::WatchLeasesRequest> FakeBuildService::Streams() {
  MutexLock lock(mu_);
  return streams_;
}

void FakeBuildService::LoseInHeartbeat(const build::v1::LeaseKey& key) {
  MutexLock lock(mu_);
  lost_.push_back(key);
}

bool FakeBuildService::WaitForHeartbeat(const std::string& job) {
  std::unique_lock<Mutex> lock(mu_);
  return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return renewed_.count(job) > 0; });
}

}  // namespace slipway::runner
