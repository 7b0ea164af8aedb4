#pragma once

#include <memory>

#include "services/gitops/provider/account.h"
#include "services/gitops/provider/repository_host.h"

namespace slipway::gitops::provider {

// The host that an account is on. The account's kind is not GIT, which has no API.
std::unique_ptr<RepositoryHost> MakeHost(const Means& means, Account account);

}  // namespace slipway::gitops::provider
