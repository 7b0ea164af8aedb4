#include "services/gateway/front/message_stream.h"

#include "services/gateway/front/http_error.h"
#include "services/gateway/transcode/json_writer.h"

namespace slipway::gateway {

std::string MessageStream::Frame(std::string_view event, const std::string& json) const {
  if (!events_) return json + "\n";
  std::string frame;
  if (!event.empty()) frame = "event: " + std::string(event) + "\n";
  return frame + "data: " + json + "\n\n";  // JSON holds no line break
}

void MessageStream::Begin() {
  if (std::exchange(begun_, true)) return;
  exchange_->BeginStream(events_ ? "text/event-stream" : "application/x-ndjson");
}

void MessageStream::OnMessage(const google::protobuf::Message& message, Backends::Next next) {
  Begin();
  exchange_->Write(Frame("", WriteJson(message)), std::move(next));
}

void MessageStream::OnDone(const absl::Status& status) {
  if (!begun_ && !status.ok()) return exchange_->RespondError(status);
  Begin();
  if (!status.ok()) {
    exchange_->Write(Frame("error", ErrorJson(exchange_->Hide(status))), nullptr);
  } else if (events_) {
    exchange_->Write(Frame("end", "{}"), nullptr);
  }
  exchange_->EndStream(status);
}

}  // namespace slipway::gateway
