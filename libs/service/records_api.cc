#include "libs/service/records_api.h"

#include "absl/strings/numbers.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/rpc/errors.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"

namespace slipway::service {
namespace {

namespace pb = slipway::records::v1;
using slipway::api::Permission;

constexpr size_t kMostTraces = 64;

pb::Record ToProto(const journal::Record& record, const std::string& service) {
  pb::Record out;
  out.set_subject(record.subject);
  out.set_kind(record.kind);
  out.set_event(record.event);
  out.set_verdict(static_cast<pb::Record::Verdict>(record.verdict));
  out.set_rule(record.rule);
  out.set_message(record.message);
  for (const auto& [key, value] : record.values) (*out.mutable_values())[key] = value;
  for (const std::string& related : record.related) out.add_related(related);
  out.set_trace_id(record.trace_id);
  *out.mutable_time() = rpc::ToTimestamp(record.time);
  out.set_service(service);
  return out;
}

bool MaySee(const rpc::CallContext& call, const journal::Record& record) {
  if (record.project.empty())
    return call.Can(Permission::SUPER, {}) || call.Can(Permission::SERVICE, {});
  return call.Can(Permission::VIEW, {record.project, record.app, ""});
}

}  // namespace

RecordsApi::RecordsApi(rpc::CallGate& gate, db::Pool& pool, std::string service)
    : gate_(gate), pool_(pool), service_(std::move(service)) {}

const google::protobuf::ServiceDescriptor* RecordsApi::Contract() {
  return pb::Record::GetDescriptor()->file()->service(0);
}

absl::StatusOr<pb::ListRecordsResponse> RecordsApi::List(const rpc::CallContext& call,
                                                         const pb::ListRecordsRequest& request) {
  if (request.subject().empty() == request.trace_ids().empty()) {
    return InvalidField("subject", "set either subject or traceIds");
  }
  if (request.trace_ids().size() > static_cast<int>(kMostTraces))
    return InvalidField("traceIds", "at most 64 at once");
  journal::Query query;
  query.subject = request.subject();
  query.trace_ids = {request.trace_ids().begin(), request.trace_ids().end()};
  SLIPWAY_ASSIGN_OR_RETURN(query.limit, rpc::PageSize(request.page_size(), 200, 1000));
  std::string list = "records " + query.subject;
  for (const std::string& trace_id : query.trace_ids) list += " " + trace_id;
  SLIPWAY_ASSIGN_OR_RETURN(const std::string place, rpc::ReadPageToken(list, request.page_token()));
  if (!place.empty() && (!absl::SimpleAtoi(place, &query.before_id) || query.before_id <= 0))
    return rpc::BadPageToken();
  SLIPWAY_ASSIGN_OR_RETURN(const auto records,
                           db::RunTx(pool_, "records.list", call.deadline,
                                     [&](db::Tx& tx) { return journal::List(tx, query); }));
  pb::ListRecordsResponse response;
  for (const journal::Record& record : records) {
    if (MaySee(call, record)) *response.add_records() = ToProto(record, service_);
  }
  if (static_cast<int>(records.size()) == query.limit) {
    response.set_next_page_token(rpc::PageToken(list, std::to_string(records.back().id)));
  }
  return response;
}

grpc::Status RecordsApi::ListRecords(grpc::ServerContext* context,
                                     const pb::ListRecordsRequest* request,
                                     pb::ListRecordsResponse* response) {
  return gate_.Unary(context, *request, response,
                     [&](rpc::CallContext& call) { return List(call, *request); });
}

}  // namespace slipway::service
