#pragma once

#include <string>

#include "slipway/plan/v1/plan.pb.h"

namespace slipway::plan {

// The bytes of a Plan that are stored and hashed: equal Plans give equal bytes, also where maps
// were filled in another order.
std::string Serialize(const v1::Plan& plan);

// SHA-256 of Serialize(plan), 64 digits of hex.
std::string Digest(const v1::Plan& plan);

}  // namespace slipway::plan
