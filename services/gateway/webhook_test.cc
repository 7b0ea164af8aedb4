#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <fstream>
#include <future>
#include <thread>

#include "libs/http/test_socket.h"
#include "libs/json/json.h"
#include "services/gateway/test_suite.h"
#include "slipway/auth/v1/auth.grpc.pb.h"
#include "slipway/trigger/v1/trigger.grpc.pb.h"

namespace slipway::gateway {
namespace {

namespace auth = slipway::auth::v1;
namespace trigger = slipway::trigger::v1;

class FakeAuth final : public auth::AuthService::Service {
 public:
  grpc::Status Exchange(grpc::ServerContext*, const auth::ExchangeRequest* request,
                        auth::ExchangeResponse* response) override {
    if (request->token() != "gateway-token") return {grpc::StatusCode::UNAUTHENTICATED, "no"};
    response->set_assertion("assertion");
    response->mutable_expire_time()->set_seconds(4'000'000'000);
    return grpc::Status::OK;
  }
};

// Answers by what stands in the body; keeps what came. While held, calls wait.
class FakeTrigger final : public trigger::TriggerService::Service {
 public:
  grpc::Status DeliverBatch(grpc::ServerContext* context,
                            const trigger::DeliverBatchRequest* request,
                            trigger::DeliverBatchResponse* response) override {
    std::unique_lock<std::mutex> lock(mu_);
    ++calls;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held; });
    const auto found = context->client_metadata().find("slipway-assertion-bin");
    if (found == context->client_metadata().end() || found->second != "assertion") {
      return {grpc::StatusCode::UNAUTHENTICATED, "who?"};
    }
    for (const auto& delivery : request->deliveries()) {
      last = delivery;
      ++deliveries;
      auto* answer = response->add_answers();
      const bool wrong = delivery.body() == "wrong";
      answer->set_status(wrong ? 401 : 202);
      answer->set_message(wrong ? "the signature is wrong" : "stored \"it\"");
      if (!wrong) answer->set_delivery("deliveries/D");
    }
    return grpc::Status::OK;
  }
  void Hold(bool on) {
    const std::lock_guard<std::mutex> lock(mu_);
    held = on;
    changed_.notify_all();
  }
  void WaitForCalls(int wanted) {
    std::unique_lock<std::mutex> lock(mu_);
    changed_.wait(lock, [&] { return calls >= wanted; });
  }

  std::mutex mu_;
  std::condition_variable changed_;
  bool held = false;
  int calls = 0;
  int deliveries = 0;
  trigger::DeliverBatchRequest::Incoming last;
};

struct Fixture {
  FakeAuth auth;
  FakeTrigger trigger;
  TestSuite suite{{{"auth", {&auth}}, {"trigger", {&trigger}}}};
};

// Kilobytes of memory that this process holds now.
int64_t ResidentKb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.rfind("VmRSS:", 0) == 0) return std::stoll(line.substr(6));
  }
  return 0;
}

}  // namespace

TEST_CASE("a webhook reaches the trigger service byte by byte with its headers") {
  Fixture f;
  const std::string body("\x00\xff{ \"a\" :1}\r\n", 12);
  const auto response = f.suite.Send("POST", "/webhooks/github/local?x=y", body,
                                     {{"X-Hub-Signature-256", "sha256=abc"}, {"Cookie", "c"}});
  CHECK(response.status == 202);
  CHECK(f.trigger.last.body() == body);
  CHECK(f.trigger.last.forge() == "github");
  CHECK(f.trigger.last.hook() == "local");
  CHECK(f.trigger.last.headers().at("x-hub-signature-256") == "sha256=abc");
  CHECK(f.trigger.last.headers().count("cookie") == 0);
  CHECK(f.trigger.last.address() == "127.0.0.1");
  CHECK(f.trigger.last.traceparent().size() == 55);
  CHECK(f.trigger.last.receive_time().seconds() > 0);
  CHECK(json::GetString(*json::Parse(response.body), "message") == "stored \"it\"");
}

TEST_CASE("what the trigger service refuses is refused, and odd paths are none") {
  Fixture f;
  const auto wrong = f.suite.Send("POST", "/webhooks/github/local", "wrong");
  CHECK(wrong.status == 401);
  CHECK(json::GetString(*json::Parse(wrong.body), "error.status") == "UNAUTHENTICATED");
  CHECK(f.suite.Send("GET", "/webhooks/github/local").status == 405);
  for (const char* path :
       {"/webhooks/github", "/webhooks/github/", "/webhooks//x", "/webhooks/a/b/c", "/webhooks/"}) {
    CHECK(f.suite.Send("POST", path).status == 404);
  }
}

TEST_CASE("deliveries that arrive during a call go together with the next") {
  Fixture f;
  f.trigger.Hold(true);
  std::vector<std::future<int>> answers;
  const auto deliver = [&f](int i) {
    return std::async(std::launch::async, [&f, i] {
      return f.suite.Send("POST", "/webhooks/github/local", std::to_string(i)).status;
    });
  };
  answers.push_back(deliver(0));
  f.trigger.WaitForCalls(1);
  answers.push_back(deliver(1));
  f.trigger.WaitForCalls(2);
  // Both lanes are busy: these wait, and their number is seen when all are in.
  std::vector<std::unique_ptr<http::TestSocket>> sockets;
  for (int i = 0; i < 40; ++i) {
    sockets.push_back(std::make_unique<http::TestSocket>(f.suite.app().port()));
    sockets.back()->Send(
        "POST /webhooks/github/local HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  }
  // A request on each connection that was accepted later is answered when the earlier ones were
  // read.
  CHECK(f.suite.Send("GET", "/healthz").status == 200);
  f.trigger.Hold(false);
  for (auto& answer : answers) CHECK(answer.get() == 202);
  for (auto& socket : sockets) CHECK(socket->ReadUntil("\r\n\r\n").rfind("HTTP/1.1 202", 0) == 0);
  CHECK(f.trigger.deliveries == 42);
  CHECK(f.trigger.calls < 20);
}

TEST_CASE("without the trigger service a forge hears 503 in time to try again") {
  FakeAuth auth;
  TestSuite suite({{"auth", {&auth}}}, absl::Milliseconds(300));
  const auto response = suite.Send("POST", "/webhooks/github/local", "x");
  CHECK(response.status == 503);
  CHECK(response.Header("retry-after") == "1");
}

TEST_CASE("S1: two gigabytes without a token get 413 without being read") {
  Fixture f;
  const int64_t before = ResidentKb();
  const char* target = GENERATE("/v1/projects", "/webhooks/github/local");
  const std::string chunk(1 << 20, 'x');
  SECTION("announced") {
    http::TestSocket client(f.suite.app().port());
    client.Send(std::string("POST ") + target +
                " HTTP/1.1\r\nHost: x\r\nContent-Length: 2147483648\r\n\r\n");
    CHECK(client.ReadUntil("}}").rfind("HTTP/1.1 413", 0) == 0);
    int sent = 0;
    while (sent < 2048 && client.Send(chunk)) ++sent;
    CHECK(sent < 64);  // what fits into the socket's buffers before the reset
  }
  SECTION("not announced") {
    http::TestSocket client(f.suite.app().port());
    client.Send(std::string("POST ") + target +
                " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    int sent = 0;
    while (sent < 2048 && client.Send("100000\r\n" + chunk + "\r\n")) ++sent;
    CHECK(sent < 128);
    CHECK(client.ReadUntil("}}").rfind("HTTP/1.1 413", 0) == 0);
  }
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
  CHECK(ResidentKb() - before < 2 * 25 * 1024);
#else
  CHECK(before > 0);
#endif
  CHECK(f.suite.Send("GET", "/healthz").status == 200);
}

}  // namespace slipway::gateway
