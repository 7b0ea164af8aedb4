#include "libs/rpc/call_gate.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "libs/base/error.h"
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
  CHECK(f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAuthorizationKey, "Bearer bad"); }).code() ==
        absl::StatusCode::kUnauthenticated);
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
  CHECK(f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAuthorizationKey, "Bearer good"); }).ok());
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
  f.handler = [](CallContext&) -> absl::StatusOr<pb::ListRecordsResponse> { throw std::runtime_error("hunter2"); };
  CHECK(MessageOf(call()) == "internal error, request req-1");
  f.handler = [](CallContext&) -> absl::StatusOr<pb::ListRecordsResponse> { return InvalidField("subject", "is empty"); };
  CHECK(DetailsOf(call()).field_violations.size() == 1);
}

TEST_CASE("refusals are audited and unknown looks like forbidden") {
  Fixture f;
  f.handler = [](CallContext& call) -> absl::StatusOr<pb::ListRecordsResponse> {
    return call.Require(slipway::api::Permission::EDIT, {"demo", "hello", ""}, "projects/demo/apps/hello");
  };
  const absl::Status refused = f.Call([](grpc::ClientContext& c) { c.AddMetadata(kAuthorizationKey, "Bearer good"); });
  CHECK(refused.code() == absl::StatusCode::kNotFound);
  REQUIRE(f.audits.size() == 1);
  CHECK(f.audits[0].outcome == "NOT_FOUND");
  CHECK(f.audits[0].actor == "user:ann");
}

}  // namespace slipway::rpc
