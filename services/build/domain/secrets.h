#pragma once

#include <map>
#include <string>

#include "slipway/build/v1/runner.pb.h"

namespace slipway::build {

// Secret values for leases, kept in memory for the length of one claim and never written or logged.
struct Secrets {
  std::map<std::string, v1::JobCredential> git_accounts = {};  // by account's id
  std::map<std::string, v1::JobCredential> registries = {};    // by name: registries/R
  std::map<std::string, std::string> values = {};              // by secret with version
};

}  // namespace slipway::build
