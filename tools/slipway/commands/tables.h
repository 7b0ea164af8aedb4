#pragma once

#include <boost/json.hpp>

#include "absl/time/time.h"
#include "tools/slipway/names/kind.h"
#include "tools/slipway/output/table.h"

namespace slipway::cli {

// The table of resources of one kind, as the API gives them.
Table TableOf(const Kind& kind, const boost::json::array& resources, absl::Time now);

// A grant or role binding's scope for people: "app demo/hello in dev", "everything".
std::string GrantScope(const boost::json::value& grant);

}  // namespace slipway::cli
