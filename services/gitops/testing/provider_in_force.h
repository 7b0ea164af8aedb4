#pragma once

#include <string>

#include "libs/db/pool.h"

namespace slipway::gitops {

// A provider of plain git at `url` whose validation passed, in force for deployments.
void PutProviderInForce(db::Pool& pool, const std::string& url);

// "HOST:PORT" of a URL, as http::OutgoingGuard allows it.
std::string PairOf(const std::string& url);

}  // namespace slipway::gitops
