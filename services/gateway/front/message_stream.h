#pragma once

#include <memory>
#include <string>

#include "google/protobuf/message.h"
#include "services/gateway/backend/backends.h"
#include "services/gateway/front/exchange.h"

namespace slipway::gateway {

// Writes a server stream to a client as server-sent events or as lines of JSON (NDJSON), one
// message at a time: the next is read from the backend when the client took the last. Shared by the
// callbacks of one call; its parts are called one after another.
//
// An error before the first message is an ordinary error response. Later it is an event "error", or
// a line with "error"; an event stream that ended well closes with an event "end".
class MessageStream {
 public:
  MessageStream(std::shared_ptr<Exchange> exchange, bool events)
      : exchange_(std::move(exchange)), events_(events) {}

  void OnMessage(const google::protobuf::Message& message, Backends::Next next);
  void OnDone(const absl::Status& status);

 private:
  std::string Frame(std::string_view event, const std::string& json) const;
  void Begin();

  const std::shared_ptr<Exchange> exchange_;
  const bool events_;
  bool begun_ = false;
};

}  // namespace slipway::gateway
