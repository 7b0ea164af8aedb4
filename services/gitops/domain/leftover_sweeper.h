#pragma once

#include <stop_token>
#include <string>

#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/http/client.h"
#include "services/gitops/domain/providers.h"
#include "services/gitops/store/leftover_store.h"

namespace slipway::gitops {

// Deletes the repositories that validations could not delete themselves: the process died, the host
// was away, the token lacked the right. Tries again with growing pauses, for 7 days; then it names
// the repository in the journal and gives up. Used by the validator, on its thread: what this
// instance noted in an earlier life is nobody's then.
class LeftoverSweeper {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    const Providers& providers;
    http::HttpClient& client;
    std::string instance;
  };
  explicit LeftoverSweeper(Parts parts) : parts_(std::move(parts)) {}

  // Deletes what is due.
  void Pass(const std::stop_token& stop);

 private:
  absl::Status Delete(const leftovers::Leftover& leftover, const std::stop_token& stop);
  absl::Status Conclude(const leftovers::Leftover& leftover, const absl::Status& deleted);

  const Parts parts_;
};

}  // namespace slipway::gitops
