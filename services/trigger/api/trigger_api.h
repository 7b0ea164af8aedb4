#pragma once

#include "libs/rpc/call_gate.h"
#include "services/trigger/domain/hooks.h"
#include "services/trigger/domain/inbox.h"
#include "slipway/trigger/v1/trigger.grpc.pb.h"

namespace slipway::trigger {

// gRPC adapter of trigger: each handler is one expression around a domain call. Owned by App;
// thread-safe.
class TriggerApi final : public slipway::trigger::v1::TriggerService::Service {
 public:
  TriggerApi(rpc::CallGate& gate, Hooks& hooks, Inbox& inbox)
      : gate_(gate), hooks_(hooks), inbox_(inbox) {}

#define SLIPWAY_TRIGGER_RPC(Method, Request, Response)                                            \
  grpc::Status Method(grpc::ServerContext* context, const slipway::trigger::v1::Request* request, \
                      slipway::trigger::v1::Response* response) override
  SLIPWAY_TRIGGER_RPC(CreateHook, CreateHookRequest, Hook);
  SLIPWAY_TRIGGER_RPC(GetHook, GetHookRequest, Hook);
  SLIPWAY_TRIGGER_RPC(ListHooks, ListHooksRequest, ListHooksResponse);
  SLIPWAY_TRIGGER_RPC(UpdateHook, UpdateHookRequest, Hook);
  SLIPWAY_TRIGGER_RPC(DeleteHook, DeleteHookRequest, DeleteHookResponse);
  SLIPWAY_TRIGGER_RPC(GetDelivery, GetDeliveryRequest, Delivery);
  SLIPWAY_TRIGGER_RPC(ListDeliveries, ListDeliveriesRequest, ListDeliveriesResponse);
  SLIPWAY_TRIGGER_RPC(Redeliver, RedeliverRequest, Delivery);
  SLIPWAY_TRIGGER_RPC(DeliverBatch, DeliverBatchRequest, DeliverBatchResponse);
#undef SLIPWAY_TRIGGER_RPC

 private:
  rpc::CallGate& gate_;
  Hooks& hooks_;
  Inbox& inbox_;
};

}  // namespace slipway::trigger
