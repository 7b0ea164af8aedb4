#pragma once

#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/blob/directory_blob_store.h"
#include "libs/db/testing/test_database.h"
#include "libs/log/log.h"
#include "libs/rpc/assertion.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "services/build/service.h"
#include "services/build/tests/fakes.h"

namespace slipway::build {

inline constexpr char kWorkflow[] = "projects/demo/apps/hello/workflows/main";
inline constexpr char kCommit[] = "0123456789abcdef0123456789abcdef01234567";

inline auth::v1::Principal ServicePrincipal() {
  auth::v1::Principal principal;
  principal.set_kind(auth::v1::Principal::SERVICE);
  principal.set_id("trigger");
  return principal;
}
inline auth::v1::Principal RunnerPrincipal(const std::string& id) {
  auth::v1::Principal principal;
  principal.set_kind(auth::v1::Principal::RUNNER);
  principal.set_id(id);
  return principal;
}
inline auth::v1::Principal UserPrincipal(const std::string& id, auth::v1::Role role,
                                         const std::string& project = "",
                                         const std::string& environment = "",
                                         const std::string& app = "") {
  auth::v1::Principal principal;
  principal.set_kind(auth::v1::Principal::USER);
  principal.set_id(id);
  auto& grant = *principal.add_grants();
  grant.set_role(role);
  grant.set_project(project);
  grant.set_environment(environment);
  grant.set_app(app);
  return principal;
}
inline auth::v1::Principal Admin() { return UserPrincipal("admin", auth::v1::SUPER_ADMIN); }

// One job with a test, an image and a smoke step; deploys to dev by itself, to prod by hand.
inline plan::v1::Plan TestPlan() {
  plan::v1::Plan plan;
  plan.set_workflow(kWorkflow);
  plan.set_commit(kCommit);
  plan.set_ref("refs/heads/main");
  plan.set_app_uid("uid-1");
  auto& source = *plan.add_sources();
  source.set_name("source");
  source.set_account("local");
  source.set_subject("say hello");
  source.set_author("Ada <ada@example.org>");
  auto& job = *plan.add_jobs();
  job.set_name("build");
  for (const auto& [name, stage] : std::vector<std::pair<std::string, std::string>>{
           {"unit-test", "pre-build"}, {"image", "build"}, {"smoke", "post-build"}}) {
    auto& step = *job.add_steps();
    step.set_name(name);
    step.set_stage(stage);
    if (name == "image") {
      step.mutable_image()->set_registry("registries/local");
      step.mutable_image()->set_registry_host("127.0.0.1:5000");
      step.mutable_image()->set_repository("demo/hello");
    }
  }
  auto& dev = *plan.add_targets();
  dev.set_environment("dev");
  dev.set_automatic(true);
  auto& prod = *plan.add_targets();
  prod.set_environment("prod");
  prod.set_after("dev");
  return plan;
}

// The service over gRPC on a loopback port, with a database of its own and faked peers.
class BuildFixture {
 public:
  BuildFixture() { Start(); }
  ~BuildFixture() { Stop(); }

  // A process that was killed and started again: what it had in memory is gone.
  void Restart() {
    Stop();
    Start();
  }

  // Metadata and deadline of a call by somebody.
  std::unique_ptr<grpc::ClientContext> As(const auth::v1::Principal& principal) {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata(rpc::kAssertionKey,
                         signer.Sign(principal, clock.Now() + absl::Seconds(60)));
    context->set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(15)));
    return context;
  }

  // CreateRuns with one plan; the run's name.
  std::string CreateRun(const plan::v1::Plan& plan, const std::string& key) {
    v1::CreateRunsRequest request;
    auto& run = *request.add_runs();
    run.set_idempotency_key(key);
    *run.mutable_plan() = plan;
    run.set_cause("push");
    run.set_actor("service:trigger");
    run.set_delivery("deliveries/01J");
    run.set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    v1::CreateRunsResponse response;
    const auto status = build->CreateRuns(As(ServicePrincipal()).get(), request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    REQUIRE(response.results_size() == 1);
    INFO(response.results(0).error_message());
    REQUIRE(response.results(0).error_code() == 0);
    return response.results(0).name();
  }

  v1::Run GetRun(const std::string& name) {
    v1::GetRunRequest request;
    request.set_name(name);
    v1::Run run;
    const auto status = build->GetRun(As(Admin()).get(), request, &run);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return run;
  }

  // Follows the run until `done` says so.
  v1::Run WaitFor(const std::string& name, const std::function<bool(const v1::Run&)>& done) {
    v1::WatchRunRequest request;
    request.set_name(name);
    const auto context = As(Admin());
    const auto reader = build->WatchRun(context.get(), request);
    v1::Run run;
    while (reader->Read(&run)) {
      if (done(run)) {
        context->TryCancel();
        return run;
      }
    }
    FAIL("the run never got there: " << run.ShortDebugString() << reader->Finish().error_message());
    return run;
  }
  v1::Run WaitForState(const std::string& name, v1::State state) {
    return WaitFor(name, [state](const v1::Run& run) { return run.state() == state; });
  }

  // The events of a type once there are `count`; an event shows up when all transactions before it
  // have ended, those of other tests in the same cluster too.
  std::vector<events::Event> AwaitEvents(const std::string& type, size_t count) {
    events::Outbox& outbox = service->core().outbox;
    std::mutex mu;
    std::condition_variable changed;
    bool woken = true;
    const int64_t watch = outbox.Watch([&] {
      std::lock_guard lock(mu);
      woken = true;
      changed.notify_all();
    });
    std::vector<events::Event> found;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    std::unique_lock lock(mu);
    while (found.size() < count && changed.wait_until(lock, limit, [&] { return woken; })) {
      woken = false;
      lock.unlock();
      found = EventsSoFar(type);
      lock.lock();
    }
    lock.unlock();
    outbox.Unwatch(watch);
    return found;
  }
  std::vector<events::Event> EventsSoFar(const std::string& type) {
    const auto events = service->core().outbox.ReadAfter({}, 100, absl::Now() + absl::Seconds(5));
    REQUIRE(events.ok());
    std::vector<events::Event> found;
    for (const events::Event& event : *events) {
      if (event.type == type) found.push_back(event);
    }
    return found;
  }

  std::string Value(const std::string& query) { return database.Value(query); }

  db::TestDatabase database{Service::Migrations(), "build"};
  TempDir data = *TempDir::Create("build");
  std::unique_ptr<blob::BlobStore> blobs =
      blob::DirectoryBlobStore::Open(data.path() + "/archive").value();
  SystemClock clock;
  rpc::AssertionSigner signer = rpc::AssertionSigner::FromSeed(std::string(32, 's')).value();
  rpc::AssertionVerifier verifier{clock, [this]() -> absl::StatusOr<std::vector<std::string>> {
                                    return std::vector<std::string>{signer.public_key()};
                                  }};
  telemetry::Metrics metrics{"build"};
  FakePipeline pipeline;
  FakeAuth auth;
  int64_t log_limit = 64 << 20;
  std::unique_ptr<rpc::CallGate> gate;
  std::unique_ptr<rpc::StreamHub> streams;
  std::unique_ptr<Service> service;
  std::unique_ptr<rpc::Server> server;
  std::unique_ptr<v1::BuildService::Stub> build;
  std::unique_ptr<v1::RunnerService::Stub> runner;

 private:
  void Start() {
    log::Init({.service = "build", .level = log::Level::kError});
    gate = std::make_unique<rpc::CallGate>(
        rpc::CallGate::Parts{clock, verifier,
                             [](const std::string&, absl::Time) -> absl::StatusOr<std::string> {
                               return absl::UnauthenticatedError("no");
                             },
                             metrics, nullptr});
    gate->Register(BuildApi::Contract());
    gate->Register(RunnerApi::Contract());
    streams = std::make_unique<rpc::StreamHub>(*gate);
    service = std::make_unique<Service>(Service::Surroundings{.pool = database.pool(),
                                                              .clock = clock,
                                                              .gate = *gate,
                                                              .streams = *streams,
                                                              .metrics = metrics,
                                                              .pipeline = pipeline,
                                                              .auth = auth,
                                                              .blobs = *blobs,
                                                              .data_dir = data.path(),
                                                              .log_limit = log_limit});
    server =
        rpc::Server::Start("127.0.0.1:0", {&service->build_api(), &service->runner_api()}).value();
    service->Start();
    const auto channel = rpc::MakeChannel("127.0.0.1:" + std::to_string(server->port()));
    build = v1::BuildService::NewStub(channel);
    runner = v1::RunnerService::NewStub(channel);
  }
  void Stop() {
    if (!service) return;
    streams->Shutdown();
    server->Shutdown(absl::Seconds(5));
    service->Stop();
    server.reset();
    service.reset();
    streams.reset();
    gate.reset();
  }
};

// A runner that does what a test tells it.
class FakeRunner {
 public:
  FakeRunner(BuildFixture& fixture, std::string id, std::string session = NewUlid(absl::Now()),
             int slots = 4)
      : fixture_(fixture),
        id_(std::move(id)),
        session_(std::move(session)),
        context_(fixture.As(RunnerPrincipal(id_))) {
    v1::WatchLeasesRequest request;
    request.set_session(session_);
    request.set_slots(slots);
    request.set_version("test");
    stream_ = fixture_.runner->WatchLeases(context_.get(), request);
    v1::LeaseMessage hello;
    REQUIRE(stream_->Read(&hello));
    REQUIRE(hello.has_hello());
    REQUIRE(hello.hello().lease_seconds() == 9);
  }
  ~FakeRunner() { context_->TryCancel(); }

  v1::LeaseMessage Next() {
    v1::LeaseMessage message;
    const bool read = stream_->Read(&message);
    REQUIRE(read);
    return message;
  }
  v1::Lease NextLease() {
    v1::LeaseMessage message = Next();
    REQUIRE(message.has_lease());
    return message.lease();
  }
  // The stream ends by itself.
  grpc::Status End() {
    v1::LeaseMessage message;
    while (stream_->Read(&message)) {
    }
    return stream_->Finish();
  }

  // Without a step it is a line of the runner's own.
  grpc::Status Append(const v1::LeaseKey& key, int64_t offset, const std::string& data,
                      int64_t* size = nullptr, const std::string& step = "unit-test") {
    v1::AppendLogRequest request;
    *request.mutable_key() = key;
    request.set_offset(offset);
    request.set_data(data);
    request.set_step(step);
    v1::AppendLogResponse response;
    const auto status = fixture_.runner->AppendLog(As().get(), request, &response);
    if (size != nullptr) *size = response.size();
    return status;
  }
  grpc::Status Report(const v1::LeaseKey& key, const std::string& step, v1::State state,
                      int64_t begin = 0, int64_t end = 0) {
    v1::ReportStepsRequest request;
    *request.mutable_key() = key;
    auto& reported = *request.add_steps();
    reported.set_name(step);
    reported.set_state(state);
    reported.set_log_begin(begin);
    reported.set_log_end(end);
    v1::ReportStepsResponse response;
    return fixture_.runner->ReportSteps(As().get(), request, &response);
  }
  grpc::Status Heartbeat(const std::vector<v1::LeaseKey>& keys, std::vector<v1::LeaseKey>* lost) {
    v1::HeartbeatRequest request;
    request.set_session(session_);
    for (const auto& key : keys) *request.add_leases() = key;
    v1::HeartbeatResponse response;
    const auto status = fixture_.runner->Heartbeat(As().get(), request, &response);
    lost->assign(response.lost().begin(), response.lost().end());
    return status;
  }
  grpc::Status Complete(const v1::LeaseKey& key, v1::State state, const std::string& reason = "",
                        bool image = false, int64_t log_size = 0,
                        const std::string& digest = "sha256:77") {
    v1::CompleteJobRequest request;
    *request.mutable_key() = key;
    request.set_state(state);
    request.set_reason(reason);
    request.set_log_size(log_size);
    for (const char* name : {"unit-test", "image", "smoke"}) {
      auto& step = *request.add_steps();
      step.set_name(name);
      step.set_state(state);
    }
    if (image) {
      request.mutable_image()->set_step("image");
      request.mutable_image()->set_repository("127.0.0.1:5000/demo/hello");
      request.mutable_image()->set_tag("v1");
      request.mutable_image()->set_digest(digest);
    }
    v1::CompleteJobResponse response;
    return fixture_.runner->CompleteJob(As().get(), request, &response);
  }

  const std::string& session() const { return session_; }

 private:
  std::unique_ptr<grpc::ClientContext> As() { return fixture_.As(RunnerPrincipal(id_)); }

  BuildFixture& fixture_;
  const std::string id_;
  const std::string session_;
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReader<v1::LeaseMessage>> stream_;
};

}  // namespace slipway::build
