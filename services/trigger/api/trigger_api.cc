#include "services/trigger/api/trigger_api.h"

namespace slipway::trigger {

namespace pb = slipway::trigger::v1;
using grpc::ServerContext;
using rpc::CallContext;

grpc::Status TriggerApi::CreateHook(ServerContext* context, const pb::CreateHookRequest* request,
                                    pb::Hook* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.Create(call, *request); });
}

grpc::Status TriggerApi::GetHook(ServerContext* context, const pb::GetHookRequest* request,
                                 pb::Hook* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.Get(call, request->name()); });
}

grpc::Status TriggerApi::ListHooks(ServerContext* context, const pb::ListHooksRequest* request,
                                   pb::ListHooksResponse* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.List(call, *request); });
}

grpc::Status TriggerApi::UpdateHook(ServerContext* context, const pb::UpdateHookRequest* request,
                                    pb::Hook* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.Update(call, *request); });
}

grpc::Status TriggerApi::DeleteHook(ServerContext* context, const pb::DeleteHookRequest* request,
                                    pb::DeleteHookResponse* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.Delete(call, request->name()); });
}

grpc::Status TriggerApi::GetDelivery(ServerContext* context, const pb::GetDeliveryRequest* request,
                                     pb::Delivery* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.GetDelivery(call, request->name()); });
}

grpc::Status TriggerApi::ListDeliveries(ServerContext* context,
                                        const pb::ListDeliveriesRequest* request,
                                        pb::ListDeliveriesResponse* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.ListDeliveries(call, *request); });
}

grpc::Status TriggerApi::Redeliver(ServerContext* context, const pb::RedeliverRequest* request,
                                   pb::Delivery* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return hooks_.Redeliver(call, *request); });
}

grpc::Status TriggerApi::DeliverBatch(ServerContext* context,
                                      const pb::DeliverBatchRequest* request,
                                      pb::DeliverBatchResponse* response) {
  return gate_.Unary(context, *request, response,
                     [&](CallContext& call) { return inbox_.Deliver(*request, call.deadline); });
}

}  // namespace slipway::trigger
