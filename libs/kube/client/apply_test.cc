#include "libs/kube/client/apply.h"

#include <atomic>
#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/json/json.h"
#include "libs/kube/client/fake_api_server.h"

namespace slipway::kube {
namespace {

using http::ServerRequest;
using ResponderPtr = std::shared_ptr<http::Responder>;

const ResourceInfo kConfigMaps = {.gvk = {.group = "", .version = "v1", .kind = "ConfigMap"},
                                  .resource = "configmaps",
                                  .namespaced = true,
                                  .verbs = {},
                                  .short_names = {}};

Target ConfigMap(const std::string& name) {
  return {.resource = kConfigMaps, .ns = "shop", .name = name};
}

// A server that answers by itself, and remembers what it was asked.
struct Fixture {
  explicit Fixture(std::function<void(const ServerRequest&, http::Responder&)> answer)
      : server([this, answer](ServerRequest request, ResponderPtr responder) {
          requests.Push(request);
          answer(request, *responder);
        }),
        client(server.NewClient()),
        dispatcher(*client, {}),
        api(dispatcher) {}

  Queue<ServerRequest> requests;
  FakeApiServer server;
  std::unique_ptr<Client> client;
  Dispatcher dispatcher;
  ObjectApi api;
};

void Ok(const ServerRequest&, http::Responder& responder) { SendJson(responder, 200, "{}"); }

}  // namespace

TEST_CASE("an apply is a forced, strictly checked patch under our name") {
  Fixture fixture(Ok);
  ObjectApi::ApplyOptions options;
  options.owner = "shop/api";
  options.field_manager = "slipway-1";
  options.dry_run = true;
  options.impersonate = {.user = "system:serviceaccount:shop:deployer", .groups = {}};
  CHECK(fixture.api.Apply(ConfigMap("x"), "{\"a\":1}", options).ok());
  const ServerRequest request = fixture.requests.Wait(1)[0];
  CHECK(request.method == "PATCH");
  CHECK(request.target ==
        "/api/v1/namespaces/shop/configmaps/x?fieldManager=slipway-1&force=true"
        "&fieldValidation=Strict&dryRun=All");
  CHECK(request.Header("content-type") == "application/apply-patch+yaml");
  CHECK(request.Header("impersonate-user") == "system:serviceaccount:shop:deployer");
  CHECK(request.body == "{\"a\":1}");
}

TEST_CASE("a delete carries its preconditions and propagation") {
  Fixture fixture(Ok);
  ObjectApi::DeleteOptions options;
  options.uid = "u-1";
  options.resource_version = "7";
  options.propagation = ObjectApi::Propagation::kForeground;
  CHECK(fixture.api.Delete(ConfigMap("x"), options).ok());
  const ServerRequest request = fixture.requests.Wait(1)[0];
  CHECK(request.method == "DELETE");
  const auto body = json::Parse(request.body);
  REQUIRE(body.ok());
  CHECK(json::GetString(*body, "preconditions.uid") == "u-1");
  CHECK(json::GetString(*body, "preconditions.resourceVersion") == "7");
  CHECK(json::GetString(*body, "propagationPolicy") == "Foreground");
}

TEST_CASE("a name that would lead elsewhere is never sent") {
  Fixture fixture(Ok);
  const auto name = GENERATE(as<std::string>(), "", ".", "..", "a/b");
  CHECK(fixture.api.Delete(ConfigMap(name), {}).outcome == Outcome::kInvalid);
  CHECK(fixture.api.Apply(ConfigMap(name), "{}", {}).outcome == Outcome::kInvalid);
  CHECK(fixture.api.Get(ConfigMap(name), {}).outcome == Outcome::kInvalid);
  CHECK(fixture.requests.size() == 0);
}

TEST_CASE("create, get and list ask for what they are told") {
  Fixture fixture(Ok);
  CHECK(fixture.api.Create(ConfigMap(""), "{}", {}).ok());
  ObjectApi::GetOptions get;
  get.metadata_only = true;
  CHECK(fixture.api.Get(ConfigMap("x"), get).ok());
  ObjectApi::ListOptions list;
  list.label_selector = "app=api";
  list.continue_token = "a+b";
  CHECK(fixture.api.List(kConfigMaps, "", list).ok());
  const auto requests = fixture.requests.Wait(3);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].target ==
        "/api/v1/namespaces/shop/configmaps?fieldManager=slipway&fieldValidation=Strict");
  CHECK(requests[1].Header("accept").find("PartialObjectMetadata;") != std::string_view::npos);
  CHECK(requests[2].target ==
        "/api/v1/configmaps?limit=500&continue=a%2Bb&labelSelector=app%3Dapi");
}

TEST_CASE("the body of an apply has nothing that only the server writes") {
  const auto object = json::Parse(
      R"({"kind":"X","metadata":{"name":"x","uid":"u","resourceVersion":"1","generation":2,)"
      R"("creationTimestamp":null,"managedFields":[],"annotations":{},"labels":{"a":"b"}},)"
      R"("spec":{"status":1,"big":9007199254740993},"status":{"ready":true}})");
  REQUIRE(object.ok());
  CHECK(ApplyBody(object->get_object()) ==
        R"({"kind":"X","metadata":{"name":"x","labels":{"a":"b"}},)"
        R"("spec":{"status":1,"big":9007199254740993}})");
}

TEST_CASE("a storm of 429 is waited out, and nobody sees it") {
  std::atomic<int> count{0};
  Fixture fixture([&](const ServerRequest&, http::Responder& responder) {
    const bool shed = ++count % 2 == 0;
    SendJson(responder, shed ? 429 : 200, "{}", {{"Retry-After", "1"}});
  });
  Queue<Outcome> outcomes;
  for (int i = 0; i < 200; ++i) {
    fixture.api.Apply(ConfigMap("x" + std::to_string(i)), "{}", {},
                      [&](Answer answer) { outcomes.Push(answer.outcome); });
  }
  CHECK(outcomes.Wait(200) == std::vector<Outcome>(200, Outcome::kOk));
  CHECK(fixture.dispatcher.load().limit < 64);
}

TEST_CASE("a server that only sheds is reported when the time is up") {
  Fixture fixture([](const ServerRequest&, http::Responder& responder) {
    SendJson(responder, 429, "{}", {{"Retry-After", "1"}});
  });
  ObjectApi::GetOptions options;
  options.timeout = absl::Milliseconds(200);
  const Answer answer = fixture.api.Get(ConfigMap("x"), options);
  CHECK(answer.outcome == Outcome::kThrottled);
  CHECK(answer.status.retry_after == absl::Seconds(1));
  CHECK(fixture.requests.size() > 1);
}

TEST_CASE("other failures are answered at once, for the caller to judge") {
  Fixture fixture([](const ServerRequest&, http::Responder& responder) {
    SendJson(responder, 503, "{}", {{"Retry-After", "1"}});
  });
  CHECK(fixture.api.Get(ConfigMap("x"), {}).outcome == Outcome::kTransient);
  CHECK(fixture.requests.size() == 1);
}

TEST_CASE("no more than the limit is in flight, and what waits too long says so") {
  std::mutex mu;
  std::vector<ResponderPtr> held;
  FakeApiServer server([&](ServerRequest, ResponderPtr responder) {
    const std::lock_guard<std::mutex> lock(mu);
    held.push_back(std::move(responder));
  });
  const auto client = server.NewClient();
  Dispatcher dispatcher(*client, {.min = 2, .max = 2, .initial = 2});
  Queue<absl::Status> ends;
  Request request;
  request.path = "/x";
  request.timeout = absl::Milliseconds(300);
  for (int i = 0; i < 5; ++i) {
    dispatcher.Submit("app", request, [&](absl::StatusOr<Response> r) { ends.Push(r.status()); });
  }
  const auto all = ends.Wait(5);
  for (const absl::Status& status : all) {
    CHECK(status.code() == absl::StatusCode::kDeadlineExceeded);
  }
  CHECK(server.seen().size() <= 4);
}

TEST_CASE("cancelling ends what waits and what is in flight, and the end of a dispatcher too") {
  std::vector<ResponderPtr> held;
  FakeApiServer server(
      [&](ServerRequest, ResponderPtr responder) { held.push_back(std::move(responder)); });
  const auto client = server.NewClient();
  Queue<absl::StatusCode> ends;
  const auto done = [&](absl::StatusOr<Response> r) { ends.Push(r.status().code()); };
  Request request;
  request.path = "/x";
  {
    Dispatcher dispatcher(*client, {.min = 1, .max = 1, .initial = 1});
    const auto first = dispatcher.Submit("a", request, done);
    const auto second = dispatcher.Submit("a", request, done);
    dispatcher.Cancel(second);
    CHECK(ends.Wait(1).size() == 1);
    dispatcher.Cancel(first);
    CHECK(ends.Wait(2).size() == 2);
    dispatcher.Submit("a", request, [](absl::StatusOr<Response>) {});
    dispatcher.Submit("b", request, done);
  }
  CHECK(ends.Wait(3) == std::vector<absl::StatusCode>(3, absl::StatusCode::kCancelled));
}

TEST_CASE("a stop ends a waiting call") {
  std::vector<ResponderPtr> held;
  FakeApiServer server(
      [&](ServerRequest, ResponderPtr responder) { held.push_back(std::move(responder)); });
  const auto client = server.NewClient();
  Dispatcher dispatcher(*client, {});
  ObjectApi api(dispatcher);
  std::stop_source stop;
  stop.request_stop();
  CHECK(api.Get(ConfigMap("x"), {}, stop.get_token()).outcome == Outcome::kCancelled);
}

TEST_CASE("one who may not write any more sends nothing that changes something") {
  Fixture fixture(Ok);
  std::atomic<bool> may = true;
  Dispatcher dispatcher(*fixture.client, {.min = 1, .max = 1, .initial = 1}, nullptr,
                        [&] { return may.load(); });
  ObjectApi api(dispatcher);
  const auto apply = [&](bool dry_run) {
    ObjectApi::ApplyOptions options;
    options.dry_run = dry_run;
    return api.Apply(ConfigMap("a"), "{}", options);
  };
  CHECK(apply(false).ok());
  may = false;
  for (int i = 0; i < 3; ++i) {
    CHECK(absl::IsUnavailable(apply(false).error));
    CHECK(absl::IsUnavailable(api.Delete(ConfigMap("a"), {}).error));
  }
  // Looking is free, and its turn comes.
  CHECK(apply(true).ok());
  CHECK(api.Get(ConfigMap("a"), {}).ok());
  std::string methods;
  for (const ServerRequest& request : fixture.requests.Wait(3)) methods += request.method + " ";
  CHECK(methods == "PATCH PATCH GET ");
}

}  // namespace slipway::kube
