#include "libs/service/event_stream.h"

#include <stop_token>

#include "absl/time/clock.h"
#include "libs/base/status.h"
#include "libs/rpc/status.h"
#include "libs/rpc/timestamp.h"

namespace slipway::service {
namespace {

namespace pb = slipway::events::v1;

constexpr int kBatch = 256;
constexpr absl::Duration kNoteTime = absl::Seconds(5);

// Reads the outbox in pages; parks when there is nothing new.
class OutboxSource final : public rpc::StreamSource<pb::WatchEventsResponse> {
 public:
  OutboxSource(events::Outbox& outbox, events::Cursor after, const rpc::StreamWaker& waker)
      : outbox_(outbox), after_(after), watch_(outbox.Watch([waker] { waker.Wake(); })) {}
  ~OutboxSource() override { outbox_.Unwatch(watch_); }

  absl::StatusOr<Step> Next() override {
    SLIPWAY_ASSIGN_OR_RETURN(const auto events,
                             outbox_.ReadAfter(after_, kBatch, absl::Now() + absl::Seconds(5)));
    if (events.empty()) return Step{};
    Step step{.message = pb::WatchEventsResponse()};
    for (const events::Event& event : events) {
      pb::Event* out = step.message->add_events();
      out->mutable_cursor()->set_xid(event.cursor.xid);
      out->mutable_cursor()->set_seq(event.cursor.seq);
      out->set_type(event.type);
      out->set_subject(event.subject);
      out->set_payload(event.payload);
      out->set_trace_id(event.trace_id);
      *out->mutable_create_time() = rpc::ToTimestamp(event.time);
    }
    after_ = events.back().cursor;
    return step;
  }

 private:
  events::Outbox& outbox_;
  events::Cursor after_;
  const int64_t watch_;
};

}  // namespace

grpc::ServerWriteReactor<pb::WatchEventsResponse>* ServeEvents(
    rpc::StreamHub& hub, events::Outbox& outbox, grpc::CallbackServerContext* context,
    const pb::WatchEventsRequest* request) {
  const events::Cursor after{request->after().xid(), request->after().seq()};
  using Source = rpc::StreamSource<pb::WatchEventsResponse>;
  return hub.Serve<pb::WatchEventsResponse>(
      context, request,
      std::function([&outbox, after, reader = request->reader()](
                        const rpc::CallContext&,
                        rpc::StreamWaker waker) -> absl::StatusOr<std::unique_ptr<Source>> {
        if (!reader.empty())
          SLIPWAY_RETURN_IF_ERROR(outbox.NoteReader(reader, after, absl::Now() + kNoteTime));
        return std::make_unique<OutboxSource>(outbox, after, waker);
      }));
}

absl::Status GrpcEventSource::Watch(events::Cursor after,
                                    const std::function<bool(std::vector<events::Event>)>& on_batch,
                                    std::stop_token stop) {
  while (true) {
    const absl::Time until = absl::Now() + life_;
    const absl::Status ended = WatchUntil(until, after, on_batch, stop);
    if (absl::Now() < until || stop.stop_requested() || !absl::IsDeadlineExceeded(ended))
      return ended;
  }
}

absl::Status GrpcEventSource::WatchUntil(
    absl::Time until, events::Cursor& after,
    const std::function<bool(std::vector<events::Event>)>& on_batch, const std::stop_token& stop) {
  grpc::ClientContext context;
  SLIPWAY_RETURN_IF_ERROR(peer_.Prepare(context, {}, until));
  pb::WatchEventsRequest request;
  request.set_reader(reader_);
  request.mutable_after()->set_xid(after.xid);
  request.mutable_after()->set_seq(after.seq);
  const auto reader = open_(&context, request);
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  pb::WatchEventsResponse response;
  while (reader->Read(&response)) {
    std::vector<events::Event> events;
    for (const pb::Event& in : response.events()) {
      events.push_back({.cursor = {in.cursor().xid(), in.cursor().seq()},
                        .type = in.type(),
                        .subject = in.subject(),
                        .payload = in.payload(),
                        .trace_id = in.trace_id(),
                        .time = rpc::FromTimestamp(in.create_time())});
    }
    const events::Cursor last = events.empty() ? after : events.back().cursor;
    if (on_batch(std::move(events))) {
      after = last;
    } else {
      context.TryCancel();
      while (reader->Read(&response)) {
      }
      break;
    }
  }
  return rpc::FromGrpc(reader->Finish());
}

}  // namespace slipway::service
