#pragma once

#include <string>

#include "absl/status/status.h"
#include "tools/slipway/commands/context.h"

namespace slipway::cli {

struct DeployArgs {
  std::string where = {};  // APP/ENVIRONMENT
  std::string image = {};  // digest, id or reference; "": the current one
  bool wait = false;
};
// Deploys an image. With `wait`, follows the deployment: FAILED_PRECONDITION unless it got healthy.
absl::Status Deploy(Context& context, const DeployArgs& args);

struct RollbackArgs {
  std::string where = {};   // APP/ENVIRONMENT
  std::string to = {};      // number of a deployment; "": the last healthy one before
  std::string config = {};  // "earlier", "deployed" or "saved"
  bool wait = false;
};
absl::Status Rollback(Context& context, const RollbackArgs& args);

struct DeploymentsArgs {
  std::string app = {};     // "": all of the project
  bool current = false;     // the newest of each app and environment only
  std::string status = {};  // "": any
  std::string health = {};
  size_t limit = 20;
};
absl::Status Deployments(Context& context, const DeploymentsArgs& args);

absl::Status Images(Context& context, const std::string& app, const std::string& workflow,
                    size_t limit);

struct CommitsArgs {
  std::string app = {};
  std::string ref = {};
  std::string repository = {};
  size_t limit = 20;
};
absl::Status Commits(Context& context, const CommitsArgs& args);

struct DeliveriesArgs {
  std::string app = {};
  std::string hook = {};
  size_t limit = 20;
};
absl::Status Deliveries(Context& context, const DeliveriesArgs& args);
absl::Status Redeliver(Context& context, const std::string& id);

}  // namespace slipway::cli
