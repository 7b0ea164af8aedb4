#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "services/build/engine/core.h"
#include "services/build/engine/dispatcher.h"

namespace slipway::build {

// The coming and going of runners. Owned by App; thread-safe.
class RunnerSessions {
 public:
  RunnerSessions(Core& core, Dispatcher& dispatcher) : core_(core), dispatcher_(dispatcher) {}

  // A process of a runner connects. What an earlier process of it held runs again at once; what
  // this process was given but may not have received is sent again. The first message of the
  // session is Hello.
  absl::StatusOr<std::shared_ptr<RunnerSession>> Connect(const std::string& runner,
                                                         const v1::WatchLeasesRequest& request,
                                                         absl::Time deadline,
                                                         std::function<void()> wake);
  void Disconnect(const std::shared_ptr<RunnerSession>& session);

  // The runner was deleted: its stream ends and its jobs run elsewhere.
  absl::Status Remove(const std::string& runner, absl::Time deadline);

 private:
  // What is to be settled when a stream has been opened: jobs of older sessions, and those of this
  // one.
  absl::Status Resume(RunnerSession& session, absl::Time deadline);
  absl::Status LoseJobs(const std::string& runner, const std::string& except_session,
                        const std::string& why, absl::Time deadline);

  Core& core_;
  Dispatcher& dispatcher_;
};

}  // namespace slipway::build
