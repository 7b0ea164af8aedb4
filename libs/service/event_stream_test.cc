#include "libs/service/event_stream.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <vector>

#include "absl/time/clock.h"
#include "libs/rpc/server.h"
#include "slipway/build/v1/build.grpc.pb.h"

namespace slipway::service {
namespace {

namespace pb = slipway::events::v1;

// Sends one event after the place that it is asked for, then nothing more until its caller goes.
class OneEventEach final : public build::v1::BuildService::CallbackService {
 public:
  grpc::ServerWriteReactor<pb::WatchEventsResponse>* WatchEvents(
      grpc::CallbackServerContext*, const pb::WatchEventsRequest* request) override {
    class Stream final : public grpc::ServerWriteReactor<pb::WatchEventsResponse> {
     public:
      explicit Stream(int64_t seq) {
        pb::Event& event = *response_.add_events();
        event.mutable_cursor()->set_xid(1);
        event.mutable_cursor()->set_seq(seq);
        event.set_subject(std::to_string(seq));
        StartWrite(&response_);
      }
      void OnCancel() override { Finish(grpc::Status::CANCELLED); }
      void OnDone() override { delete this; }

     private:
      pb::WatchEventsResponse response_;
    };
    {
      std::lock_guard lock(mu_);
      asked_.push_back(request->reader() + " after " + std::to_string(request->after().seq()));
    }
    return new Stream(request->after().seq() + 1);
  }

  std::vector<std::string> asked() {
    std::lock_guard lock(mu_);
    return asked_;
  }

 private:
  std::mutex mu_;
  std::vector<std::string> asked_;
};

}  // namespace

TEST_CASE("a reader of events asks anew when its stream is old, and says how far it has come") {
  OneEventEach events;
  auto server = rpc::Server::Start("127.0.0.1:0", {&events});
  REQUIRE(server.ok());
  rpc::Peer peer(rpc::MakeChannel("127.0.0.1:" + std::to_string((*server)->port())), nullptr);
  const auto stub = build::v1::BuildService::NewStub(peer.channel());
  GrpcEventSource source(
      peer,
      [&](grpc::ClientContext* context, const pb::WatchEventsRequest& request) {
        return stub->WatchEvents(context, request);
      },
      "gitops.images", /*life=*/absl::Milliseconds(100));

  std::vector<std::string> got;
  std::stop_source stop;
  const auto take = [&](std::vector<events::Event> batch) {
    for (const events::Event& event : batch) got.push_back(event.subject);
    if (got.size() == 3) stop.request_stop();
    return true;
  };
  CHECK_FALSE(source.Watch({1, 7}, take, stop.get_token()).ok());
  CHECK(got == std::vector<std::string>{"8", "9", "10"});
  CHECK(events.asked() == std::vector<std::string>{"gitops.images after 7", "gitops.images after 8",
                                                   "gitops.images after 9"});
  (*server)->Shutdown(absl::Seconds(5));
}

}  // namespace slipway::service
