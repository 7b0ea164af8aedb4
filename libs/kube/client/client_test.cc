#include "libs/kube/client/client.h"

#include <catch2/catch.hpp>
#include <thread>

#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/kube/client/fake_api_server.h"
#include "libs/telemetry/metrics.h"

namespace slipway::kube {
namespace {

using http::Responder;
using http::ServerRequest;
using ResponderPtr = std::shared_ptr<Responder>;

// Writes piece after piece, then ends or cuts the answer.
void WriteAll(const ResponderPtr& responder, std::vector<std::string> pieces, bool end,
              size_t at = 0) {
  if (at == pieces.size()) {
    if (end) responder->End();
    return;
  }
  std::string piece = pieces[at];
  responder->Write(std::move(piece), [=, pieces = std::move(pieces)](bool ok) {
    if (ok) WriteAll(responder, pieces, end, at + 1);
  });
}

}  // namespace

TEST_CASE("a request carries method, body, token, agent and impersonation") {
  Queue<ServerRequest> requests;
  FakeApiServer server([&](ServerRequest request, ResponderPtr responder) {
    requests.Push(request);
    SendJson(*responder, 201, "{\"kind\":\"Thing\"}");
  });
  telemetry::Metrics metrics("test");
  const auto client = server.NewClient({.metrics = &metrics, .user_agent = "slipway/1 (gitops)"});
  Request request;
  request.verb = "apply";
  request.method = "PATCH";
  request.path = "/api/v1/namespaces/shop/configmaps/x?force=true";
  request.content_type = "application/apply-patch+yaml";
  request.body = "{\"a\":1}";
  request.impersonate = {.user = "system:serviceaccount:shop:deployer", .groups = {"a", "b"}};
  const auto response = client->Do(request);
  REQUIRE(response.ok());
  CHECK(response->status == 201);
  CHECK(response->body == "{\"kind\":\"Thing\"}");
  const ServerRequest seen = requests.Wait(1)[0];
  CHECK(seen.method == "PATCH");
  CHECK(seen.target == request.path);
  CHECK(seen.body == request.body);
  CHECK(seen.Header("authorization") == "Bearer secret-token");
  CHECK(seen.Header("user-agent") == "slipway/1 (gitops)");
  CHECK(seen.Header("content-type") == "application/apply-patch+yaml");
  CHECK(seen.Header("impersonate-user") == "system:serviceaccount:shop:deployer");
  int groups = 0;
  for (const auto& [name, value] : seen.headers) groups += name == "impersonate-group";
  CHECK(groups == 2);
  CHECK_THAT(metrics.Serialize(), Catch::Matchers::Contains("slipway_kube_requests_total{") &&
                                      Catch::Matchers::Contains("verb=\"apply\"") &&
                                      Catch::Matchers::Contains("code=\"201\""));
}

TEST_CASE("many requests at once all get their own answer") {
  FakeApiServer server([](ServerRequest request, ResponderPtr responder) {
    SendJson(*responder, 200, request.target);
  });
  const auto client = server.NewClient();
  Queue<std::pair<std::string, std::string>> answers;
  for (int i = 0; i < 500; ++i) {
    Request request;
    request.path = "/api/" + std::to_string(i);
    client->Send(request, [&, path = request.path](absl::StatusOr<Response> response) {
      answers.Push({path, response.ok() ? response->body : "failed"});
    });
  }
  for (const auto& [path, body] : answers.Wait(500)) CHECK(path == body);
  CHECK(answers.size() == 500);
  CHECK(client->requests() == 500);
}

TEST_CASE("a server that never answers costs the deadline and no more") {
  std::vector<ResponderPtr> held;
  FakeApiServer server(
      [&](ServerRequest, ResponderPtr responder) { held.push_back(std::move(responder)); });
  const auto client = server.NewClient();
  Request request;
  request.path = "/version";
  request.timeout = absl::Milliseconds(100);
  const auto response = client->Do(request);
  CHECK(response.status().code() == absl::StatusCode::kDeadlineExceeded);
}

TEST_CASE("no error text holds a credential or a query") {
  ClusterAccess access;
  access.server = "http://127.0.0.1:1";
  access.token = "secret-token";
  auto client = Client::Create(access, {});
  REQUIRE(client.ok());
  Request request;
  request.path = "/api/v1/pods?labelSelector=hidden";
  const auto response = (*client)->Do(request);
  CHECK(response.status().code() == absl::StatusCode::kUnavailable);
  const std::string text = response.status().ToString();
  CHECK(text.find("GET http://127.0.0.1:1/api/v1/pods") != std::string::npos);
  CHECK(text.find("secret") == std::string::npos);
  CHECK(text.find("hidden") == std::string::npos);
}

TEST_CASE("an answer over the limit is refused") {
  FakeApiServer server([](ServerRequest, ResponderPtr responder) {
    SendJson(*responder, 200, std::string(10'000, 'x'));
  });
  const auto client = server.NewClient();
  Request request;
  request.path = "/big";
  request.max_response_bytes = 1000;
  CHECK(client->Do(request).status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("a redirect is an answer, and the token goes nowhere else") {
  Queue<std::string> stolen;
  FakeApiServer other([&](ServerRequest request, ResponderPtr responder) {
    stolen.Push(std::string(request.Header("authorization")));
    SendJson(*responder, 200, "{}");
  });
  FakeApiServer server([&](ServerRequest, ResponderPtr responder) {
    responder->Send({.status = 302, .headers = {{"Location", other.url()}}, .body = ""});
  });
  const auto client = server.NewClient();
  Request request;
  request.path = "/";
  const auto response = client->Do(request);
  REQUIRE(response.ok());
  CHECK(response->status == 302);
  CHECK(stolen.size() == 0);
}

TEST_CASE("the guard refuses an address that nobody allowed") {
  FakeApiServer server(
      [](ServerRequest, ResponderPtr responder) { SendJson(*responder, 200, "{}"); });
  const auto none = http::OutgoingGuard::Create({});
  REQUIRE(none.ok());
  Request request;
  request.path = "/version";
  const auto refused = server.NewClient({.guard = &*none})->Do(request);
  CHECK(DetailsOf(refused.status()).reason == "OUTGOING_ADDRESS_REFUSED");
  CHECK(server.seen().empty());
  const auto allowed = http::OutgoingGuard::Create({server.url().substr(7)});
  REQUIRE(allowed.ok());
  CHECK(server.NewClient({.guard = &*allowed})->Do(request).ok());
}

TEST_CASE("behind a proxy the guard wants the pair of the server by name") {
  const auto none = http::OutgoingGuard::Create({});
  ClusterAccess access;
  access.server = "https://kube.example:6443";
  access.proxy_url = "http://proxy.example:3128";
  const auto client = Client::Create(access, {.guard = &*none});
  CHECK(DetailsOf(client.status()).reason == "CLUSTER_PROXY_REFUSED");
  const auto allowed = http::OutgoingGuard::Create({"kube.example:6443"});
  CHECK(Client::Create(access, {.guard = &*allowed}).ok());
}

TEST_CASE("a stream is cut into lines, however the pieces fall") {
  FakeApiServer server([](ServerRequest, ResponderPtr responder) {
    responder->BeginStream(200, {});
    WriteAll(responder, {"on", "e\ntwo\nth", "r", "ee\n\nfour", "\n"}, true);
  });
  const auto client = server.NewClient();
  Queue<std::string> lines, ends;
  Request request;
  request.path = "/watch";
  client->Stream(request, {.on_line =
                               [&](std::string_view line) {
                                 lines.Push(std::string(line));
                                 return Flow::kContinue;
                               },
                           .on_end =
                               [&](absl::StatusOr<Response> response) {
                                 ends.Push(response.ok() ? "ok" : response.status().ToString());
                               }});
  CHECK(ends.Wait(1) == std::vector<std::string>{"ok"});
  CHECK(lines.Wait(4) == std::vector<std::string>{"one", "two", "three", "four"});
}

TEST_CASE("a stream that is cut in the middle ends with an error") {
  FakeApiServer server([](ServerRequest, ResponderPtr responder) {
    responder->BeginStream(200, {});
    responder->Write("one\nhalf", [responder](bool) {});  // then dropped
  });
  const auto client = server.NewClient();
  Queue<std::string> lines;
  Queue<absl::Status> ends;
  Request request;
  request.path = "/watch";
  client->Stream(
      request,
      {.on_line =
           [&](std::string_view line) {
             lines.Push(std::string(line));
             return Flow::kContinue;
           },
       .on_end = [&](absl::StatusOr<Response> response) { ends.Push(response.status()); }});
  CHECK(ends.Wait(1)[0].code() == absl::StatusCode::kUnavailable);
  CHECK(lines.Wait(1) == std::vector<std::string>{"one"});
}

TEST_CASE("a line without end is refused at its limit") {
  FakeApiServer server([](ServerRequest, ResponderPtr responder) {
    responder->BeginStream(200, {});
    WriteAll(responder, std::vector<std::string>(100, std::string(1000, 'x')), false);
  });
  const auto client = server.NewClient({.max_line = 20'000});
  Queue<absl::Status> ends;
  Request request;
  request.path = "/watch";
  client->Stream(
      request,
      {.on_line = [](std::string_view) { return Flow::kContinue; },
       .on_end = [&](absl::StatusOr<Response> response) { ends.Push(response.status()); }});
  CHECK(ends.Wait(1)[0].code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("cancelling ends calls and streams, also before they started") {
  std::vector<ResponderPtr> held;
  FakeApiServer server(
      [&](ServerRequest, ResponderPtr responder) { held.push_back(std::move(responder)); });
  const auto client = server.NewClient();
  Queue<absl::StatusCode> ends;
  Request request;
  request.path = "/slow";
  const auto done = [&](absl::StatusOr<Response> r) { ends.Push(r.status().code()); };
  client->Cancel(client->Send(request, done));
  client->Post([&] { client->Cancel(client->Send(request, done)); });
  std::stop_source stop;
  std::jthread later([&] {
    ends.Wait(2);
    stop.request_stop();
  });
  CHECK(client->Do(request, stop.get_token()).status().code() == absl::StatusCode::kCancelled);
  CHECK(ends.Wait(2) == std::vector<absl::StatusCode>(2, absl::StatusCode::kCancelled));
}

TEST_CASE("the end of a client ends its calls, also those that callbacks begin") {
  std::vector<ResponderPtr> held;
  FakeApiServer server(
      [&](ServerRequest, ResponderPtr responder) { held.push_back(std::move(responder)); });
  Queue<absl::StatusCode> ends;
  {
    const auto client = server.NewClient();
    Request request;
    request.path = "/slow";
    client->Send(request, [&, request, client = client.get()](absl::StatusOr<Response> first) {
      ends.Push(first.status().code());
      client->Send(request, [&](absl::StatusOr<Response> r) { ends.Push(r.status().code()); });
    });
  }
  CHECK(ends.Wait(2) == std::vector<absl::StatusCode>(2, absl::StatusCode::kCancelled));
}

TEST_CASE("timers run in order and can be cancelled") {
  FakeApiServer server([](ServerRequest, ResponderPtr) {});
  const auto client = server.NewClient();
  Queue<int> ran;
  client->After(absl::Milliseconds(30), [&] { ran.Push(3); });
  client->CancelTimer(client->After(absl::Milliseconds(20), [&] { ran.Push(2); }));
  client->After(absl::Milliseconds(10), [&] { ran.Push(1); });
  CHECK(ran.Wait(2) == std::vector<int>{1, 3});
}

TEST_CASE("a token file is read again when the server refuses the token") {
  auto folder = TempDir::Create("kube-token");
  REQUIRE(folder.ok());
  const std::string file = folder->path() + "/token";
  REQUIRE(WriteFileAtomic(file, "first\n").ok());
  FakeApiServer server([](ServerRequest request, ResponderPtr responder) {
    SendJson(*responder, request.Header("authorization") == "Bearer second" ? 200 : 401, "{}");
  });
  ClusterAccess access;
  access.server = server.url();
  access.token_file = file;
  auto client = Client::Create(access, {});
  REQUIRE(client.ok());
  Request request;
  request.path = "/version";
  CHECK((*client)->Do(request)->status == 401);
  REQUIRE(WriteFileAtomic(file, "second\n").ok());
  CHECK((*client)->Do(request)->status == 200);
}

}  // namespace slipway::kube
