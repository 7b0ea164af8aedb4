#pragma once

#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/git/cli.h"
#include "libs/http/client.h"
#include "services/gitops/domain/providers.h"

namespace slipway::gitops {

// Repositories that projects have of their own, beside that of the active provider and with its
// account. Owned by App; thread-safe.
class ProjectRepositories {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    const Providers& providers;
    const git::GitCli& cli;
    http::HttpClient& client;
  };
  explicit ProjectRepositories(Parts parts) : parts_(std::move(parts)) {}

  // Makes the repository of `project` private if it is missing, and remembers where it is. With
  // plain git it must be there.
  absl::Status Prepare(const std::string& project);

 private:
  absl::StatusOr<std::string> Ensure(const providers::Provider& provider,
                                     const std::string& repository);

  const Parts parts_;
};

}  // namespace slipway::gitops
