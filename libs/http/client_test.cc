#include "libs/http/client.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <set>

#include "libs/base/error.h"
#include "libs/http/server.h"

namespace slipway::http {
namespace {

// A peer with a few odd pages. Bodies echo what was asked.
std::unique_ptr<Server> Peer(std::string other = "") {
  Server::Options options;
  options.listen = "127.0.0.1:0";
  auto server =
      Server::Start(options, [other](ServerRequest request, std::shared_ptr<Responder> responder) {
        const auto redirect = [&](int status, const std::string& to) {
          responder->Send({.status = status, .headers = {{"Location", to}}, .body = ""});
        };
        if (request.target == "/same") return redirect(302, "/here");
        if (request.target == "/keep") return redirect(307, "/here");
        if (request.target == "/loop") return redirect(302, "/loop");
        if (request.target == "/other") return redirect(302, other);
        if (request.target == "/file") return redirect(302, "file:///etc/passwd");
        if (request.target == "/big") {
          return responder->Send({.status = 200, .headers = {}, .body = std::string(5000, 'x')});
        }
        if (request.target == "/never") {
          return responder->OnDisconnect([responder] {});
        }
        responder->Send({.status = request.target == "/missing" ? 404 : 200,
                         .headers = {{"X-Auth", std::string(request.Header("authorization"))}},
                         .body = request.method + " " + request.target + " " + request.body});
      });
  REQUIRE(server.ok());
  return *std::move(server);
}

HttpRequest To(const Server& server, const std::string& path) {
  HttpRequest request;
  request.url = "http://" + server.address() + path;
  return request;
}

}  // namespace

TEST_CASE("methods, bodies, headers and credentials arrive") {
  const auto peer = Peer();
  HttpClient client;
  HttpRequest request = To(*peer, "/x?y=z");
  request.method = GENERATE("GET", "POST", "PUT", "DELETE", "PATCH");
  if (request.method != "GET") request.body = "body";
  request.bearer = "token";
  const auto response = client.Send(request);
  REQUIRE(response.ok());
  CHECK(response->status == 200);
  CHECK(response->body == request.method + " /x?y=z " + request.body);
  CHECK(response->Header("x-auth") == "Bearer token");
  request.bearer.clear();
  request.username = "u";
  request.password = "p:w";
  CHECK(client.Send(request)->Header("X-Auth") == "Basic dTpwOnc=");
  request.url = "http://" + peer->address() + "/missing";
  CHECK(client.Send(request)->status == 404);
}

TEST_CASE("HEAD has no body") {
  const auto peer = Peer();
  HttpClient client;
  HttpRequest request = To(*peer, "/x");
  request.method = "HEAD";
  const auto response = client.Send(request);
  REQUIRE(response.ok());
  CHECK(response->body.empty());
  CHECK(response->Header("Content-Length") == "8");
}

TEST_CASE("redirects stay on their host") {
  const auto elsewhere = Peer();
  const auto peer = Peer("http://" + elsewhere->address() + "/stolen");
  HttpClient client;
  HttpRequest request = To(*peer, "/same");
  request.bearer = "token";
  CHECK(client.Send(request)->body == "GET /here ");
  request.method = "POST";
  request.body = "b";
  CHECK(client.Send(request)->body == "GET /here ");
  request.url = To(*peer, "/keep").url;
  CHECK(client.Send(request)->body == "POST /here b");
  for (const char* path : {"/other", "/loop", "/file"}) {
    INFO(path);
    const auto response = client.Send(To(*peer, path));
    CHECK(response.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("limits of size and time hold, and nothing secret is in the error") {
  const auto peer = Peer();
  HttpClient client;
  HttpRequest big = To(*peer, "/big");
  big.max_response_bytes = 4999;
  CHECK(client.Send(big).status().code() == absl::StatusCode::kResourceExhausted);
  big.max_response_bytes = 5000;
  CHECK(client.Send(big).ok());
  HttpRequest never = To(*peer, "/never?password=hunter2");
  never.url = "http://" + peer->address() + "/never";
  never.timeout = absl::Milliseconds(100);
  CHECK(client.Send(never).status().code() == absl::StatusCode::kDeadlineExceeded);
  HttpRequest nobody;
  nobody.url = "http://127.0.0.1:1/x?password=hunter2";
  const auto refused = client.Send(nobody);
  CHECK(refused.status().code() == absl::StatusCode::kUnavailable);
  CHECK(MessageOf(refused.status()).find("hunter2") == std::string::npos);
}

TEST_CASE("a call can be stopped") {
  const auto peer = Peer();
  HttpClient client;
  HttpRequest never = To(*peer, "/never");
  never.timeout = absl::InfiniteDuration();
  std::stop_source stop;
  stop.request_stop();
  CHECK(client.Send(never, stop.get_token()).status().code() == absl::StatusCode::kCancelled);
}

TEST_CASE("a stream gives 2xx bodies piece by piece and errors whole") {
  const auto peer = Peer();
  HttpClient client;
  size_t bytes = 0;
  const auto count = [&bytes](std::string_view piece) {
    bytes += piece.size();
    return true;
  };
  CHECK(client.Stream(To(*peer, "/big"), count)->body.empty());
  CHECK(bytes == 5000);
  CHECK(client.Stream(To(*peer, "/big"), [](std::string_view) { return false; }).ok());
  const auto missing = client.Stream(To(*peer, "/missing"), count);
  CHECK(missing->status == 404);
  CHECK(missing->body == "GET /missing ");
}

TEST_CASE("the guard is asked where the connection goes") {
  const auto peer = Peer("http://127.0.0.1:1/");
  const auto closed = OutgoingGuard::Create({});
  const auto open = OutgoingGuard::Create({peer->address()});
  REQUIRE(closed.ok());
  REQUIRE(open.ok());
  HttpClient refusing(HttpClient::Options{.guard = &*closed, .metrics = nullptr});
  for (const std::string host : {"127.0.0.1", "localhost", "0x7f000001", "2130706433"}) {
    HttpRequest request;
    request.url = "http://" + host + ":" + std::to_string(peer->port()) + "/";
    const auto response = refusing.Send(request);
    INFO(host);
    CHECK(DetailsOf(response.status()).reason == "OUTGOING_ADDRESS_REFUSED");
  }
  HttpClient allowed(HttpClient::Options{.guard = &*open, .metrics = nullptr});
  CHECK(allowed.Send(To(*peer, "/")).ok());
  CHECK(allowed.Send(To(*peer, "/same")).ok());
  CHECK_FALSE(allowed.Send(To(*peer, "/other")).ok());
}

TEST_CASE("header injection is refused") {
  const auto peer = Peer();
  HttpClient client;
  HttpRequest request = To(*peer, "/");
  request.headers = {{"X", "a\r\nY: b"}};
  CHECK(client.Send(request).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("events are read from pieces of any size") {
  const std::string text =
      ": comment\nevent: line\nid: 7\ndata: a\ndata:b\r\n\r\n\ndata\n\ndata: cut";
  for (size_t size = 1; size < text.size(); ++size) {
    std::vector<SseReader::Event> events;
    SseReader reader([&events](const SseReader::Event& event) {
      events.push_back(event);
      return true;
    });
    for (size_t at = 0; at < text.size(); at += size) {
      REQUIRE(reader.Feed(std::string_view(text).substr(at, size)));
    }
    REQUIRE(events.size() == 2);
    CHECK(events[0].type == "line");
    CHECK(events[0].id == "7");
    CHECK(events[0].data == "a\nb");
    CHECK(events[1].data.empty());
  }
}

}  // namespace slipway::http
