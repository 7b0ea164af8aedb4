#include "libs/rpc/push_stream.h"

#include <catch2/catch.hpp>
#include <condition_variable>

#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "slipway/gitops/v1/gitops.grpc.pb.h"

namespace slipway::rpc {
namespace {

namespace eventspb = slipway::events::v1;
namespace pb = slipway::gitops::v1;
using Batch = eventspb::WatchEventsResponse;

// Counts that a test adds and streams take; the stream ends after `last`.
struct Numbers {
  std::mutex mu;
  std::condition_variable changed;
  int available = 0;
  int last = 1'000'000;
  int live_sources = 0;
  std::vector<StreamWaker> wakers;

  void Add(int n) {
    std::vector<StreamWaker> copy;
    {
      std::lock_guard lock(mu);
      available += n;
      copy = wakers;
    }
    for (const auto& waker : copy) waker.Wake();
  }
  bool WaitForSources(int n) {
    std::unique_lock lock(mu);
    return changed.wait_for(lock, std::chrono::seconds(5), [&] { return live_sources == n; });
  }
};

class NumberSource final : public StreamSource<Batch> {
 public:
  NumberSource(Numbers& numbers, StreamWaker waker) : numbers_(numbers) {
    std::lock_guard lock(numbers_.mu);
    numbers_.wakers.push_back(waker);
    ++numbers_.live_sources;
    numbers_.changed.notify_all();
  }
  ~NumberSource() override {
    std::lock_guard lock(numbers_.mu);
    --numbers_.live_sources;
    numbers_.changed.notify_all();
  }
  absl::StatusOr<Step> Next() override {
    std::lock_guard lock(numbers_.mu);
    if (sent_ >= numbers_.last) return Step{.end = true};
    if (sent_ >= numbers_.available) return Step{};
    Step step{.message = Batch()};
    step.message->add_events()->mutable_cursor()->set_seq(++sent_);
    return step;
  }

 private:
  Numbers& numbers_;
  int sent_ = 0;
};

struct Fixture : pb::GitOpsService::WithCallbackMethod_WatchEvents<pb::GitOpsService::Service> {
  SystemClock clock;
  AssertionSigner signer = AssertionSigner::FromSeed(std::string(32, 's')).value();
  AssertionVerifier verifier{clock, [this]() -> absl::StatusOr<std::vector<std::string>> {
                               return std::vector<std::string>{signer.public_key()};
                             }};
  telemetry::Metrics metrics{"test"};
  CallGate gate{{clock, verifier,
                 [](const std::string&, absl::Time) -> absl::StatusOr<std::string> {
                   return absl::UnauthenticatedError("no");
                 },
                 metrics, nullptr}};
  Numbers numbers;
  StreamHub hub{gate};
  std::unique_ptr<Server> server;
  std::unique_ptr<pb::GitOpsService::Stub> stub;

  Fixture() {
    gate.Register(pb::Deployment::GetDescriptor()->file()->service(0));
    server = Server::Start("127.0.0.1:0", {this}).value();
    stub = pb::GitOpsService::NewStub(MakeChannel("127.0.0.1:" + std::to_string(server->port())));
  }
  ~Fixture() override { server.reset(); }

  grpc::ServerWriteReactor<Batch>* WatchEvents(
      grpc::CallbackServerContext* context, const eventspb::WatchEventsRequest* request) override {
    return hub.Serve<Batch>(
        context, request,
        std::function([this](const CallContext&, StreamWaker waker)
                          -> absl::StatusOr<std::unique_ptr<StreamSource<Batch>>> {
          return std::make_unique<NumberSource>(numbers, waker);
        }));
  }
  std::unique_ptr<grpc::ClientReader<Batch>> Open(grpc::ClientContext& context,
                                                  slipway::auth::v1::Principal::Kind kind) {
    slipway::auth::v1::Principal principal;
    principal.set_kind(kind);
    context.AddMetadata(kAssertionKey, signer.Sign(principal, clock.Now() + absl::Seconds(60)));
    return stub->WatchEvents(&context, {});
  }
};

}  // namespace

TEST_CASE("a stream sends what comes, in order, and ends when its source does") {
  Fixture f;
  f.numbers.last = 500;
  f.numbers.Add(10);
  grpc::ClientContext context;
  auto reader = f.Open(context, slipway::auth::v1::Principal::SERVICE);
  Batch batch;
  for (int expected = 1; expected <= 500; ++expected) {
    if (expected % 10 == 5) f.numbers.Add(10);
    REQUIRE(reader->Read(&batch));
    REQUIRE(batch.events(0).cursor().seq() == expected);
  }
  CHECK_FALSE(reader->Read(&batch));
  CHECK(reader->Finish().ok());
  CHECK(f.numbers.WaitForSources(0));
}

TEST_CASE("a stream without the right never gets a source") {
  Fixture f;
  grpc::ClientContext context;
  auto reader = f.Open(context, slipway::auth::v1::Principal::USER);
  Batch batch;
  CHECK_FALSE(reader->Read(&batch));
  CHECK(reader->Finish().error_code() == grpc::StatusCode::PERMISSION_DENIED);
  CHECK(f.numbers.wakers.empty());
}

TEST_CASE("a caller that goes away frees its source, and shutdown ends parked streams") {
  Fixture f;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<Batch>>> readers;
  for (int i = 0; i < 20; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    readers.push_back(f.Open(*contexts.back(), slipway::auth::v1::Principal::SERVICE));
  }
  REQUIRE(f.numbers.WaitForSources(20));
  for (int i = 0; i < 10; ++i) contexts[i]->TryCancel();
  CHECK(f.numbers.WaitForSources(10));
  f.hub.Shutdown();
  Batch batch;
  for (int i = 0; i < 20; ++i) {
    CHECK_FALSE(readers[i]->Read(&batch));
    CHECK(readers[i]->Finish().error_code() ==
          (i < 10 ? grpc::StatusCode::CANCELLED : grpc::StatusCode::UNAVAILABLE));
  }
  CHECK(f.numbers.WaitForSources(0));
}

}  // namespace slipway::rpc
