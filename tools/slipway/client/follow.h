#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "tools/slipway/client/api.h"

namespace slipway::cli {

// Follows a server stream through interruptions: when the connection or the service behind it goes,
// it asks again, from the path that `path` gives then, for up to two minutes without news.
// `on_message` returns true when it has all it wanted. `note` gets a sentence for people at each
// interruption. OK when on_message was satisfied, or the server ended the stream.
absl::Status Follow(Api& api, const std::function<Path()>& path,
                    const std::function<bool(const boost::json::value& message)>& on_message,
                    const std::function<void(const std::string& text)>& note);

// Nothing can wake a client that waits for what a server does not tell but time.
void Pause(absl::Duration time);

}  // namespace slipway::cli
