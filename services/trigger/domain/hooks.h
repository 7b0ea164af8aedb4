#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/rpc/call_context.h"
#include "libs/seal/key_ring.h"
#include "libs/service/audit_outbox.h"
#include "services/trigger/domain/refusals.h"
#include "services/trigger/store/store.h"
#include "slipway/trigger/v1/trigger.pb.h"

namespace slipway::trigger {

// Hooks as people see them, and the deliveries that came in by them. Owned by App; thread-safe.
class Hooks {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    const seal::KeyRing& keys;
    service::AuditOutbox& audit;
    Refusals& refusals;
    std::string public_url;        // of the gateway, without a slash at the end
    std::function<void()> stored;  // called after a commit that stored a redelivery
  };
  explicit Hooks(Parts parts) : parts_(std::move(parts)) {}

  // Without a secret one is made and given once, in status.secret.
  absl::StatusOr<slipway::trigger::v1::Hook> Create(
      rpc::CallContext& call, const slipway::trigger::v1::CreateHookRequest& request);
  absl::StatusOr<slipway::trigger::v1::Hook> Get(const rpc::CallContext& call,
                                                 const std::string& name);
  absl::StatusOr<slipway::trigger::v1::ListHooksResponse> List(
      const rpc::CallContext& call, const slipway::trigger::v1::ListHooksRequest& request);
  absl::StatusOr<slipway::trigger::v1::Hook> Update(
      rpc::CallContext& call, const slipway::trigger::v1::UpdateHookRequest& request);
  absl::Status Delete(rpc::CallContext& call, const std::string& name);

  absl::StatusOr<slipway::trigger::v1::Delivery> GetDelivery(const rpc::CallContext& call,
                                                             const std::string& name);
  absl::StatusOr<slipway::trigger::v1::ListDeliveriesResponse> ListDeliveries(
      const rpc::CallContext& call, const slipway::trigger::v1::ListDeliveriesRequest& request);
  absl::StatusOr<slipway::trigger::v1::Delivery> Redeliver(
      rpc::CallContext& call, const slipway::trigger::v1::RedeliverRequest& request);

 private:
  slipway::trigger::v1::Hook ToProto(const store::HookRow& row) const;

  Parts parts_;
};

}  // namespace slipway::trigger
