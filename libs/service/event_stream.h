#pragma once

#include <functional>
#include <memory>
#include <string>

#include "grpcpp/client_context.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/sync_stream.h"
#include "libs/events/event_source.h"
#include "libs/events/outbox.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/push_stream.h"
#include "slipway/events/v1/events.pb.h"

namespace slipway::service {

// The body of every WatchEvents handler: streams `outbox` after the request's cursor, without end,
// and notes how far a reader that gives its name has come.
// `outbox` outlives the hub's streams.
grpc::ServerWriteReactor<slipway::events::v1::WatchEventsResponse>* ServeEvents(
    rpc::StreamHub& hub, events::Outbox& outbox, grpc::CallbackServerContext* context,
    const slipway::events::v1::WatchEventsRequest* request);

// Another service's WatchEvents as the source of a ConsumerLoop:
//   GrpcEventSource source(peer, [stub](grpc::ClientContext* c, const auto& r) { return
//   stub->WatchEvents(c, r); }, "consumer");
// After `life` it asks anew, so that the peer learns how far this reader has come.
// Owned by App; thread-safe; outlives the loop.
class GrpcEventSource final : public events::EventSource {
 public:
  using Open =
      std::function<std::unique_ptr<grpc::ClientReader<slipway::events::v1::WatchEventsResponse>>(
          grpc::ClientContext*, const slipway::events::v1::WatchEventsRequest&)>;
  // `reader`: under which name the peer keeps what is not applied yet; the consumer's.
  GrpcEventSource(rpc::Peer& peer, Open open, std::string reader = "",
                  absl::Duration life = absl::Hours(1))
      : peer_(peer), open_(std::move(open)), reader_(std::move(reader)), life_(life) {}

  absl::Status Watch(events::Cursor after,
                     const std::function<bool(std::vector<events::Event>)>& on_batch,
                     std::stop_token stop) override;

 private:
  // One stream, until `until` at most; moves `after` along with what was applied.
  absl::Status WatchUntil(absl::Time until, events::Cursor& after,
                          const std::function<bool(std::vector<events::Event>)>& on_batch,
                          const std::stop_token& stop);

  rpc::Peer& peer_;
  const Open open_;
  const std::string reader_;
  const absl::Duration life_;
};

}  // namespace slipway::service
