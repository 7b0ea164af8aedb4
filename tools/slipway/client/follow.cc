#include "tools/slipway/client/follow.h"

#include <poll.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "libs/base/error.h"

namespace slipway::cli {
namespace {

constexpr absl::Duration kGiveUp = absl::Minutes(2);
constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
constexpr absl::Duration kLongestPause = absl::Seconds(2);

}  // namespace

void Pause(absl::Duration time) {
  ::poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(time)));
}

absl::Status Follow(Api& api, const std::function<Path()>& path,
                    const std::function<bool(const boost::json::value& message)>& on_message,
                    const std::function<void(const std::string& text)>& note) {
  bool satisfied = false;
  bool noted = false;
  absl::Time last_news = absl::Now();
  absl::Duration pause = kFirstPause;
  for (;;) {
    const absl::Status status = api.Stream(path(), true, [&](const boost::json::value& message) {
      noted = false;
      pause = kFirstPause;
      last_news = absl::Now();
      satisfied = on_message(message);
      return !satisfied;
    });
    if (satisfied || status.ok()) return absl::OkStatus();
    if (!absl::IsUnavailable(status) || absl::Now() - last_news > kGiveUp) return status;
    if (!std::exchange(noted, true)) note("connection lost, trying again: " + MessageOf(status));
    Pause(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

}  // namespace slipway::cli
