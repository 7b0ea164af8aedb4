#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "services/gateway/transcode/contract.h"
#include "services/gateway/transcode/path_template.h"
#include "services/gateway/transcode/route_table.h"

namespace slipway::gateway {

// An HTTP binding with its names resolved. Immutable.
struct Route {
  struct Capture {
    std::vector<const google::protobuf::FieldDescriptor*> field;
    size_t first = 0;
    size_t count = 0;
    bool rest = false;  // up to the end of the path
  };

  const google::protobuf::MethodDescriptor* rpc = nullptr;
  std::string http_method = {};
  PathTemplate path = {};
  std::vector<Capture> captures = {};
  bool whole_body = false;                                  // body: "*"
  const google::protobuf::FieldDescriptor* body = nullptr;  // body: a field
};

// What an HTTP request asks for.
struct BoundCall {
  const Route* route = nullptr;
  std::unique_ptr<google::protobuf::Message> request = {};
};

// Turns HTTP requests into requests of RPCs, by the descriptors alone: path templates, query
// parameters and JSON bodies. Immutable after Create and thread-safe; the contract must outlive it.
class Transcoder {
 public:
  // Builds the routes of all RPCs that have a binding. An error (a conflict, an unknown field in a
  // template) is a mistake in the protos: the gateway does not start.
  static absl::StatusOr<std::unique_ptr<Transcoder>> Create(const Contract& contract);

  // `target` is path and query. NOT_FOUND and UNIMPLEMENTED as RouteTable::Find; INVALID_ARGUMENT
  // names the field. `follow` fills a field of that name that the request type may have: clients
  // that ask for a stream of events want it.
  absl::StatusOr<BoundCall> Bind(std::string_view http_method, std::string_view target,
                                 std::string_view body, bool follow) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  explicit Transcoder(const Contract& contract) : contract_(contract) {}
  absl::Status AddRoute(const google::protobuf::MethodDescriptor* rpc, const HttpBinding& binding);

  const Contract& contract_;
  std::vector<Route> routes_;
  RouteTable table_;
};

}  // namespace slipway::gateway
