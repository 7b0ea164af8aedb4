#pragma once

#include <string>

#include "libs/db/pool.h"
#include "libs/rpc/call_gate.h"
#include "slipway/records/v1/records.grpc.pb.h"

namespace slipway::service {

// RecordsService over the journal of one service: the answer to "why" and "timeline" for what that
// service decided. Records of apps that the caller may not see are left out; those of no project
// (deliveries that matched nothing, refused hooks) are for super-admins and services. Owned by App;
// thread-safe.
class RecordsApi final : public slipway::records::v1::RecordsService::Service {
 public:
  RecordsApi(rpc::CallGate& gate, db::Pool& pool, std::string service);

  grpc::Status ListRecords(grpc::ServerContext* context,
                           const slipway::records::v1::ListRecordsRequest* request,
                           slipway::records::v1::ListRecordsResponse* response) override;

  // For Runtime::Serve.
  static const google::protobuf::ServiceDescriptor* Contract();

 private:
  absl::StatusOr<slipway::records::v1::ListRecordsResponse> List(
      const rpc::CallContext& call, const slipway::records::v1::ListRecordsRequest& request);
  rpc::CallGate& gate_;
  db::Pool& pool_;
  const std::string service_;
};

}  // namespace slipway::service
