#include "services/gitops/testing/provider_in_force.h"

#include <catch2/catch.hpp>

#include "libs/base/check.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/http/url.h"
#include "services/gitops/store/provider_store.h"

namespace slipway::gitops {

void PutProviderInForce(db::Pool& pool, const std::string& url) {
  const absl::Status put =
      db::RunTx(pool, "test.provider", absl::Seconds(5), [&](db::Tx& tx) -> absl::Status {
        providers::Provider provider{.id = "local", .uid = "p1"};
        provider.spec.set_url(url);
        provider.state = slipway::gitops::v1::GitOpsProviderStatus::READY;
        SLIPWAY_RETURN_IF_ERROR(providers::Insert(tx, provider));
        provider.live_spec = provider.spec;
        provider.in_force = true;
        return providers::Update(tx, provider);
      });
  INFO(put);
  REQUIRE(put.ok());
}

std::string PairOf(const std::string& url) {
  const auto parsed = http::ParseUrl(url);
  SLIPWAY_CHECK(parsed.ok());
  return parsed->host + ":" + std::to_string(parsed->port);
}

}  // namespace slipway::gitops
