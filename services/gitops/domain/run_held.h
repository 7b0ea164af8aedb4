#pragma once

#include <string_view>
#include <type_traits>

#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "services/gitops/domain/holdings.h"

namespace slipway::gitops {

// db::RunTx for what writes rows about the cluster of `lease`: only as long as that is held.
// UNAVAILABLE: it is another replica's.
template <typename Body>
auto RunHeld(db::Pool& pool, const ClusterLease& lease, std::string_view name, absl::Duration time,
             Body&& body) {
  return db::RunTx(pool, name, time, [&](db::Tx& tx) -> std::invoke_result_t<Body&, db::Tx&> {
    SLIPWAY_RETURN_IF_ERROR(lease.Check(tx));
    return body(tx);
  });
}

}  // namespace slipway::gitops
