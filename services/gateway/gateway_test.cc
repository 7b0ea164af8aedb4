#include <atomic>
#include <catch2/catch.hpp>
#include <future>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/rpc/status.h"
#include "services/gateway/test_suite.h"
#include "slipway/build/v1/build.grpc.pb.h"
#include "slipway/pipeline/v1/pipeline.grpc.pb.h"
#include "slipway/records/v1/records.grpc.pb.h"

namespace slipway::gateway {
namespace {

namespace pipeline = slipway::pipeline::v1;
namespace build = slipway::build::v1;
namespace records = slipway::records::v1;

std::string Metadata(grpc::ServerContext* context, const char* key) {
  const auto found = context->client_metadata().find(key);
  return found == context->client_metadata().end()
             ? ""
             : std::string(found->second.data(), found->second.size());
}

// Answers with what it was asked.
class FakePipeline final : public pipeline::PipelineService::Service {
 public:
  grpc::Status GetProject(grpc::ServerContext* context, const pipeline::GetProjectRequest* request,
                          pipeline::Project* response) override {
    if (request->name() == "projects/missing") {
      ErrorDetails details;
      details.reason = "PROJECT_NOT_FOUND";
      details.metadata = {{"project", "missing"}};
      return rpc::ToGrpc(MakeError(absl::StatusCode::kNotFound, "no such project", details));
    }
    if (request->name() == "projects/broken") return {grpc::StatusCode::INTERNAL, "secret cause"};
    if (request->name() == "projects/taken") return {grpc::StatusCode::ABORTED, "etag"};
    response->set_name(request->name());
    response->set_etag(Metadata(context, "authorization") + "|" +
                       Metadata(context, "slipway-request-id") + "|" +
                       Metadata(context, "traceparent").substr(3, 32) + "|" +
                       Metadata(context, "slipway-address"));
    return grpc::Status::OK;
  }
  grpc::Status CreateApp(grpc::ServerContext*, const pipeline::CreateAppRequest* request,
                         pipeline::App* response) override {
    *response = request->app();
    response->set_name(request->parent() + "/apps/" + request->app_id());
    return grpc::Status::OK;
  }
};

class FakeBuild final : public build::BuildService::Service {
 public:
  // "count": three chunks. "fail": one and an error. "refuse": an error at once. "flood": until the
  // client is gone.
  grpc::Status TailLog(grpc::ServerContext* context, const build::TailLogRequest* request,
                       grpc::ServerWriter<build::LogChunk>* writer) override {
    const std::string job = request->name().substr(request->name().rfind('/') + 1);
    if (job == "refuse") return {grpc::StatusCode::PERMISSION_DENIED, "no"};
    build::LogChunk chunk;
    if (job == "flood") {
      chunk.set_text(std::string(64 << 10, 'x'));
      while (writer->Write(chunk)) ++written;
      cancelled.set_value(context->IsCancelled());
      return grpc::Status::CANCELLED;
    }
    for (int i = 0; i < 3; ++i) {
      chunk.set_offset(i);
      chunk.set_text("line " + std::to_string(i) + (request->follow() ? " followed\n" : "\n"));
      writer->Write(chunk);
      if (job == "fail") return {grpc::StatusCode::UNAVAILABLE, "gone"};
    }
    return grpc::Status::OK;
  }
  std::atomic<int> written{0};
  std::promise<bool> cancelled;
};

class FakeRecords final : public records::RecordsService::Service {
 public:
  explicit FakeRecords(std::string service, std::vector<records::Record> all)
      : service_(std::move(service)), all_(std::move(all)) {}
  grpc::Status ListRecords(grpc::ServerContext*, const records::ListRecordsRequest* request,
                           records::ListRecordsResponse* response) override {
    for (const auto& record : all_) {
      const bool by_trace = std::count(request->trace_ids().begin(), request->trace_ids().end(),
                                       record.trace_id()) > 0;
      if (by_trace ||
          (!request->subject().empty() && record.subject().rfind(request->subject(), 0) == 0)) {
        *response->add_records() = record;
        response->mutable_records(response->records_size() - 1)->set_service(service_);
      }
    }
    return grpc::Status::OK;
  }

 private:
  const std::string service_;
  const std::vector<records::Record> all_;
};

records::Record Recorded(int64_t at, const std::string& subject, const std::string& event,
                         records::Record::Verdict verdict) {
  records::Record record;
  record.mutable_time()->set_seconds(at);
  record.set_subject(subject);
  record.set_event(event);
  record.set_trace_id("0123456789abcdef0123456789abcdef");
  record.set_verdict(verdict);
  return record;
}

boost::json::value Json(const http::HttpResponse& response) {
  INFO(response.body);
  auto value = json::Parse(response.body);
  REQUIRE(value.ok());
  return *std::move(value);
}

constexpr char kLog[] = "/v1/projects/p/apps/a/workflows/w/runs/1/jobs/";

}  // namespace

TEST_CASE("a call goes to its service with token, request id, trace and address") {
  FakePipeline service;
  TestSuite suite({{"pipeline", {&service}}});
  const auto response =
      suite.Send("GET", "/v1/projects/demo", "",
                 {{"Authorization", "Bearer abc"},
                  {"X-Request-Id", "my-id"},
                  {"Traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}});
  CHECK(response.status == 200);
  CHECK(response.Header("content-type") == "application/json");
  CHECK(response.Header("x-content-type-options") == "nosniff");
  CHECK(response.Header("x-request-id") == "my-id");
  CHECK(response.Header("access-control-allow-origin").empty());
  CHECK(json::GetString(Json(response), "etag") ==
        "Bearer abc|my-id|0123456789abcdef0123456789abcdef|127.0.0.1");
  const auto odd = suite.Send("GET", "/v1/projects/demo", "", {{"X-Request-Id", "a b\tc<>"}});
  CHECK(odd.Header("x-request-id").size() == 26);
}

TEST_CASE("bodies and queries reach the service") {
  FakePipeline service;
  TestSuite suite({{"pipeline", {&service}}});
  const auto response =
      suite.Send("POST", "/v1/projects/p/apps?appId=hello", R"({"spec":{"deploy":{"port":8080}}})");
  CHECK(response.status == 200);
  CHECK(json::GetString(Json(response), "name") == "projects/p/apps/hello");
  CHECK(json::GetInt(Json(response), "spec.deploy.port") == 8080);
  const auto bad =
      suite.Send("POST", "/v1/projects/p/apps?appId=hello", R"({"spec":{"deploj":{}}})");
  CHECK(bad.status == 400);
  CHECK(json::GetString(Json(bad), "error.message") ==
        "spec.deploj: unknown field; did you mean \"deploy\"?");
  CHECK(json::GetString(Json(bad), "error.details[1].fieldViolations[0].field") == "spec.deploj");
}

TEST_CASE("errors of services have one form, and causes of internal ones stay inside") {
  FakePipeline service;
  TestSuite suite({{"pipeline", {&service}}});
  const auto missing = suite.Send("GET", "/v1/projects/missing");
  CHECK(missing.status == 404);
  CHECK(json::GetString(Json(missing), "error.status") == "NOT_FOUND");
  CHECK(json::GetInt(Json(missing), "error.code") == 404);
  CHECK(json::GetString(Json(missing), "error.details[0].reason") == "PROJECT_NOT_FOUND");
  CHECK(json::GetString(Json(missing), "error.details[0].metadata.project") == "missing");
  const auto broken = suite.Send("GET", "/v1/projects/broken", "", {{"X-Request-Id", "r1"}});
  CHECK(broken.status == 500);
  CHECK(broken.body.find("secret") == std::string::npos);
  CHECK(json::GetString(Json(broken), "error.message") == "internal error, request r1");
  CHECK(suite.Send("GET", "/v1/projects/taken").status == 409);
  CHECK(suite.Send("GET", "/v1/projects/demo/apps").status == 501);
  CHECK(suite.Send("GET", "/nothing").status == 404);
  const auto method = suite.Send("DELETE", "/v1/projects");
  CHECK(method.status == 405);
  CHECK(method.Header("allow") == "GET, POST");
}

TEST_CASE("a service that is away is named, and one that comes back answers") {
  FakePipeline service;
  TestSuite suite({{"pipeline", {&service}}});
  CHECK(suite.Send("GET", "/readyz").body == "not ready: auth, build, gitops, trigger\n");
  const auto away = suite.Send("GET", "/v1/projects/p/apps/a/workflows/w/runs/1");
  CHECK(away.status == 503);
  CHECK(json::GetString(Json(away), "error.details[0].reason") == "SERVICE_UNAVAILABLE");
  CHECK(away.body.find("unix:") == std::string::npos);
  suite.StopService("pipeline");
  auto waiting = std::async(std::launch::async,
                            [&suite] { return suite.Send("GET", "/v1/projects/demo").status; });
  suite.StartService("pipeline", {&service});
  CHECK(waiting.get() == 200);
}

TEST_CASE("a log comes as lines, and as events that follow") {
  FakeBuild service;
  TestSuite suite({{"build", {&service}}});
  const auto lines = suite.Send("GET", std::string(kLog) + "count/log");
  CHECK(lines.Header("content-type") == "application/x-ndjson");
  CHECK(Split(lines.body, '\n').size() == 4);
  CHECK(json::GetString(*json::Parse(Split(lines.body, '\n')[2]), "text") == "line 2\n");
  const auto events =
      suite.Send("GET", std::string(kLog) + "count/log", "", {{"Accept", "text/event-stream"}});
  CHECK(events.Header("content-type") == "text/event-stream");
  std::vector<http::SseReader::Event> seen;
  http::SseReader([&seen](const http::SseReader::Event& event) {
    seen.push_back(event);
    return true;
  }).Feed(events.body);
  REQUIRE(seen.size() == 4);
  CHECK(json::GetString(*json::Parse(seen[0].data), "text") == "line 0 followed\n");
  CHECK(seen[3].type == "end");
}

TEST_CASE("a stream that fails says so, before and after its first message") {
  FakeBuild service;
  TestSuite suite({{"build", {&service}}});
  CHECK(suite.Send("GET", std::string(kLog) + "refuse/log").status == 403);
  const auto lines = suite.Send("GET", std::string(kLog) + "fail/log");
  CHECK(lines.status == 200);
  CHECK(json::GetString(*json::Parse(Split(lines.body, '\n')[1]), "error.status") == "UNAVAILABLE");
  const auto events =
      suite.Send("GET", std::string(kLog) + "fail/log", "", {{"Accept", "text/event-stream"}});
  CHECK(events.body.find("event: error\ndata: {\"error\"") != std::string::npos);
}

TEST_CASE("a client that goes ends the call behind its stream, and a slow one holds it back") {
  FakeBuild service;
  auto cancelled = service.cancelled.get_future();
  TestSuite suite({{"build", {&service}}});
  http::HttpClient client;
  http::HttpRequest request;
  request.url = suite.url() + kLog + "flood/log";
  size_t pieces = 0;
  CHECK(client.Stream(request, [&pieces](std::string_view) { return ++pieces < 3; }).ok());
  REQUIRE(cancelled.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(cancelled.get());
  CHECK(service.written < 2000);
}

TEST_CASE("a timeline is merged from all services, decisions are those with a verdict") {
  FakeRecords trigger("trigger", {Recorded(1, "deliveries/D", "delivery.stored",
                                           records::Record::VERDICT_UNSPECIFIED),
                                  Recorded(2, "deliveries/D", "match", records::Record::STARTED)});
  FakeRecords build("build", {Recorded(3, "projects/p/apps/a/workflows/w/runs/1", "run.created",
                                       records::Record::STARTED)});
  FakeRecords pipeline("pipeline", {}), gitops("gitops", {});
  TestSuite suite({{"trigger", {&trigger}},
                   {"build", {&build}},
                   {"pipeline", {&pipeline}},
                   {"gitops", {&gitops}}});
  const auto timeline = Json(suite.Send("GET", "/v1/timeline?name=deliveries/D"));
  REQUIRE(json::GetArray(timeline, "records")->size() == 3);
  CHECK(json::GetString(timeline, "records[0].event") == "delivery.stored");
  CHECK(json::GetString(timeline, "records[2].event") == "run.created");
  CHECK(json::GetString(timeline, "records[2].service") == "build");
  const auto decisions = Json(suite.Send("GET", "/v1/decisions?name=deliveries%2FD"));
  REQUIRE(json::GetArray(decisions, "records")->size() == 1);
  CHECK(json::GetString(decisions, "records[0].event") == "match");
  CHECK(suite.Send("GET", "/v1/timeline").status == 400);
  suite.StopService("gitops");
  const auto partial = Json(suite.Send("GET", "/v1/timeline?name=deliveries/D"));
  REQUIRE(json::GetArray(partial, "records")->size() == 4);
  CHECK(json::GetString(partial, "records[3].event") == "records.unavailable");
}

TEST_CASE("the gateway's own pages answer") {
  TestSuite suite({});
  CHECK(suite.Send("GET", "/healthz").body == "ok\n");
  CHECK(suite.Send("GET", "/version").status == 200);
  CHECK(suite.Send("GET", "/").body.find("/openapi.json") != std::string::npos);
  CHECK(suite.Send("GET", "/metrics").body.find("slipway_rpc_requests_total") != std::string::npos);
  CHECK(json::GetString(Json(suite.Send("GET", "/openapi.json")), "openapi") == "3.0.3");
  CHECK(suite.Send("HEAD", "/healthz").status == 200);
  CHECK(suite.Send("POST", "/healthz").status == 405);
}

}  // namespace slipway::gateway
