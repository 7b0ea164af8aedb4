#include "libs/rpc/call_gate.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "grpcpp/impl/codegen/client_unary_call.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/server.h"
#include "slipway/records/v1/records.grpc.pb.h"

namespace slipway::rpc {
namespace {

namespace pb = slipway::records::v1;
namespace authpb = slipway::auth::v1;

// A service behind a gate on a loopback port, whose one handler does what the test says.
struct Fixture : pb::RecordsService::Service {
  SystemClock clock;
  AssertionSigner signer = AssertionSigner::FromSeed(std::string(32, 's')).value();
  AssertionVerifier verifier{clock, [this]() -> absl::StatusOr<std::vector<std::string>> {
                               return std::vector<std::string>{signer.public_key()};
                             }};
  telemetry::Metrics metrics{"test"};
  std::vector<AuditRecord> audits;
  CallGate gate{{clock, verifier,
                 [this](const std::string& token, absl::Time) -> absl::StatusOr<std::string> {
                   if (token != "good") return absl::UnauthenticatedError("unknown token");
                   return Assertion();
                 },
                 metrics, [this](const AuditRecord& record) { audits.push_back(record); }}};
  std::function<absl::StatusOr<pb::ListRecordsResponse>(CallContext&)> handler = [](CallContext&) {
    return pb::ListRecordsResponse();
  };
  std::unique_ptr<Server> server;
  std::unique_ptr<pb::RecordsService::Stub> stub;

  Fixture() {
    gate.Register(pb::ListRecordsRequest::GetDescriptor()->file()->service(0));
    server = Server::Start("127.0.0.1:0", {this}).value();
    stub = pb::RecordsService::NewStub(MakeChannel("127.0.0.1:" + std::to_string(server->port())));
  }
  std::string Assertion() {
    authpb::Principal principal;
    principal.set_kind(authpb::Principal::USER);
    principal.set_id("ann");
    return signer.Sign(principal, clock.Now() + absl::Seconds(60));
  }
  grpc::Status ListRecords(grpc::ServerContext* context, const pb::ListRecordsRequest* request,
                           pb::ListRecordsResponse* response) override {
    return gate.Unary(context, *request, response, handler);
  }
  absl::Status Call(const std::function<void(grpc::ClientContext&)>& prepare) {
    grpc::ClientContext context;
    prepare(context);
    pb::ListRecordsResponse response;
    return FromGrpc(stub->ListRecords(&context, {}, &response));
  }
};

}  // namespace

TEST_CASE("a call without a valid token or assertion is refused before the handler") {
  Fixture f;
  bool called = false;
  f.handler = [&](CallContext&) {
    called = true;
    return pb::ListRecordsResponse();
  };
  CHECK(f.Call([](grpc::ClientContext&) {}).code() == absl::StatusCode::kUnauthenticated);
  CHECK(f.Call([](grpc::ClientContext& c) {
           c.AddMetadata(kAuthorizationKey, "Bearer bad");
         }).code() == absl::StatusCode::kUnauthenticated);
  CHECK(f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAssertionKey, "forged"); }).code() ==
        absl::StatusCode::kUnauthenticated);
  CHECK_FALSE(called);
}

TEST_CASE("a token is exchanged and an assertion is verified, and the handler sees who calls") {
  Fixture f;
  std::vector<std::string> actors;
  f.handler = [&](CallContext& call) {
    actors.push_back(call.actor);
    return pb::ListRecordsResponse();
  };
  CHECK(
      f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAuthorizationKey, "Bearer good"); }).ok());
  CHECK(f.Call([&](grpc::ClientContext& c) { c.AddMetadata(kAssertionKey, f.Assertion()); }).ok());
  CHECK(actors == std::vector<std::string>{"user:ann", "user:ann"});
}

TEST_CASE("an internal error or exception shows only the request id") {
  Fixture f;
  const auto call = [&] {
    return f.Call([](grpc::ClientContext& c) {
      c.AddMetadata(kAuthorizationKey, "Bearer good");
      c.AddMetadata(kRequestIdKey, "req-1");
    });
  };
  f.handler = [](CallContext&) -> absl::StatusOr<pb::ListRecordsResponse> {
    return absl::InternalError("password=hunter2");
  };
  CHECK(MessageOf(call()) == "internal error, request req-1");
  f.handler = [](CallContext&) -> absl::StatusOr<pb::ListRecordsResponse> {
    throw std::runtime_error("hunter2");
  };
  CHECK(MessageOf(call()) == "internal error, request req-1");
  f.handler = [](CallContext&) -> absl::StatusOr<pb::ListRecordsResponse> {
    return InvalidField("subject", "is empty");
  };
  CHECK(DetailsOf(call()).field_violations.size() == 1);
}

TEST_CASE("refusals are audited and unknown looks like forbidden") {
  Fixture f;
  f.handler = [](CallContext& call) -> absl::StatusOr<pb::ListRecordsResponse> {
    return call.Require(slipway::api::Permission::EDIT, {"demo", "hello", ""},
                        "projects/demo/apps/hello");
  };
  const absl::Status refused =
      f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAuthorizationKey, "Bearer good"); });
  CHECK(refused.code() == absl::StatusCode::kNotFound);
  REQUIRE(f.audits.size() == 1);
  CHECK(f.audits[0].outcome == "NOT_FOUND");
  CHECK(f.audits[0].actor == "user:ann");
}

TEST_CASE("S6: no spelling of a method's path leads around the gate") {
  Fixture f;
  int called = 0;
  f.handler = [&](CallContext&) {
    ++called;
    return pb::ListRecordsResponse();
  };
  const auto channel = MakeChannel("127.0.0.1:" + std::to_string(f.server->port()));
  const std::string good = "/slipway.records.v1.RecordsService/ListRecords";
  for (const std::string& path :
       {good, good.substr(1), "/" + good, good + "/", "/./" + good.substr(1), good + "?x=1",
        good + "#x", ToLower(good),
        std::string(
            "/slipway.records.v1.RecordsService/../slipway.records.v1.RecordsService/ListRecords"),
        std::string("/slipway.records.v1.RecordsService//ListRecords"),
        std::string("/slipway%2erecords.v1.RecordsService/ListRecords"), std::string("*"),
        std::string("/")}) {
    INFO(path);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    pb::ListRecordsResponse response;
    const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                           channel);
    const grpc::Status status = grpc::internal::BlockingUnaryCall(
        channel.get(), method, &context, pb::ListRecordsRequest(), &response);
    CHECK_FALSE(status.ok());
    if (path == good) CHECK(status.error_code() == grpc::StatusCode::UNAUTHENTICATED);
  }
  CHECK(called == 0);
}

TEST_CASE(
    "an assertion that has ended is refused, also beside a good token, and never falls back to "
    "it") {
  Fixture f;
  int called = 0;
  f.handler = [&](CallContext&) {
    ++called;
    return pb::ListRecordsResponse();
  };
  authpb::Principal ann;
  ann.set_kind(authpb::Principal::USER);
  ann.set_id("ann");
  const std::string ended = f.signer.Sign(ann, f.clock.Now() - absl::Milliseconds(1));
  for (const std::string& assertion :
       {ended, std::string("forged"), ended.substr(0, ended.size() / 2)}) {
    CHECK(f.Call([&](grpc::ClientContext& c) {
             c.AddMetadata(kAssertionKey, assertion);
             c.AddMetadata(kAuthorizationKey, "Bearer good");
           }).code() == absl::StatusCode::kUnauthenticated);
  }
  CHECK(called == 0);
}

TEST_CASE("who calls over TCP can't hide where from") {
  Fixture f;
  std::string address;
  f.handler = [&](CallContext& call) {
    address = call.address;
    return pb::ListRecordsResponse();
  };
  const auto call = [&](const std::string& told) {
    return f.Call([&](grpc::ClientContext& c) {
      c.AddMetadata(kAuthorizationKey, "Bearer good");
      if (!told.empty()) c.AddMetadata(kAddressKey, told);
    });
  };
  REQUIRE(call("").ok());
  CHECK(address == "127.0.0.1");
  REQUIRE(call("6.6.6.6").ok());
  CHECK(address == "127.0.0.1 for 6.6.6.6");
  REQUIRE(call("<script>").ok());
  CHECK(address == "127.0.0.1");
}

}  // namespace slipway::rpc
