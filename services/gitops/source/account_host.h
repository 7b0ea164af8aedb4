#pragma once

#include <string>

#include "absl/status/status.h"

namespace slipway::gitops {

// OK if a Git account for `host` ("git.example.com", "127.0.0.1:8481") may sign in at `url`: the
// same host and port, where a host without port means that of https. Else FAILED_PRECONDITION
// ACCOUNT_FOR_OTHER_HOST: whoever changes the URL does not get the token sent there.
absl::Status CheckAccountHost(const std::string& account, const std::string& host,
                              const std::string& url);

}  // namespace slipway::gitops
