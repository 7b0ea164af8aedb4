#include "libs/http/server.h"

#include <sys/socket.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "libs/base/file.h"
#include "libs/http/client.h"
#include "libs/http/test_socket.h"

namespace slipway::http {
namespace {

std::unique_ptr<Server> Serve(Server::Handler handler, Server::Options options = {}) {
  options.listen = "127.0.0.1:0";
  auto server = Server::Start(std::move(options), std::move(handler));
  REQUIRE(server.ok());
  return *std::move(server);
}

std::unique_ptr<Server> ServeEcho(Server::Options options = {}) {
  return Serve(
      [](ServerRequest request, std::shared_ptr<Responder> responder) {
        responder->Send({.status = 200,
                         .headers = {{"X-Target", request.target}},
                         .body = request.method + ":" + request.body});
      },
      std::move(options));
}

}  // namespace

TEST_CASE("requests are answered on one kept connection, also pipelined ones") {
  const auto server = ServeEcho();
  TestSocket client(server->port());
  client.Send(
      "GET /a?b=%20c HTTP/1.1\r\nHost: x\r\n\r\nPOST /d HTTP/1.1\r\nHost: x\r\n"
      "Content-Length: 5\r\n\r\nhello");
  const std::string answer = client.ReadUntil("POST:hello");
  CHECK(answer.find("X-Target: /a?b=%20c\r\n") != std::string::npos);
  CHECK(answer.find("GET:HTTP/1.1 200 OK") != std::string::npos);
  client.Send(
      "PUT /e HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  CHECK(client.ReadUntil("PUT:abc").find("PUT:abc") != std::string::npos);
  client.Send("HEAD /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string head = client.ReadAll();
  CHECK(head.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
}

TEST_CASE("HTTP/1.0 is closed unless it asked to be kept, and streams to it are not chunked") {
  const auto server = Serve([](ServerRequest request, std::shared_ptr<Responder> responder) {
    if (request.target != "/stream")
      return responder->Send({.status = 200, .headers = {}, .body = "x"});
    responder->BeginStream(200, {});
    responder->Write("piece", nullptr);
    responder->End();
  });
  TestSocket kept(server->port());
  kept.Send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK(kept.ReadUntil("\r\n\r\nx").find("Connection: keep-alive\r\n") != std::string::npos);
  kept.Send("GET /stream HTTP/1.0\r\n\r\n");
  const std::string stream = kept.ReadAll();
  CHECK(stream.find("chunked") == std::string::npos);
  CHECK(stream.substr(stream.size() - 9) == "\r\n\r\npiece");
}

TEST_CASE("a body over the limit of its target is refused before it is read") {
  std::atomic<int> handled{0};
  Server::Options options;
  options.body_limit = [](std::string_view, std::string_view target) -> uint64_t {
    return target == "/big" ? 1000 : 10;
  };
  options.refuse = [](const ServerRequest& request, int status, std::string_view) {
    return ServerResponse{.status = status, .headers = {}, .body = "no " + request.target};
  };
  const auto server = Serve(
      [&handled](ServerRequest, std::shared_ptr<Responder> responder) {
        ++handled;
        responder->Send({});
      },
      options);
  SECTION("by its length") {
    TestSocket client(server->port());
    client.Send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
    const std::string answer = client.ReadAll();
    CHECK(answer.rfind("HTTP/1.1 413 Payload Too Large\r\n", 0) == 0);
    CHECK(answer.find("no /small") != std::string::npos);
  }
  SECTION("chunk by chunk") {
    TestSocket client(server->port());
    client.Send("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nxxx");
    CHECK(client.ReadAll().rfind("HTTP/1.1 413", 0) == 0);
  }
  SECTION("without the client sending it, where it asks first") {
    TestSocket client(server->port());
    client.Send(
        "POST /small HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    CHECK(client.ReadAll().rfind("HTTP/1.1 413", 0) == 0);
    TestSocket other(server->port());
    other.Send(
        "POST /big HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    CHECK(other.ReadUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    other.Send("abc");
    CHECK(other.ReadUntil("\r\n\r\n").rfind("HTTP/1.1 200", 0) == 0);
    CHECK(handled == 1);
    return;
  }
  CHECK(handled == 0);
}

TEST_CASE("malformed requests and long headers are refused") {
  const auto server = ServeEcho();
  SECTION("malformed") {
    const std::string request = GENERATE(
        "hello\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    TestSocket client(server->port());
    client.Send(request);
    INFO(request);
    CHECK(client.ReadAll().rfind("HTTP/1.1 400", 0) == 0);
  }
  SECTION("long") {
    TestSocket client(server->port());
    client.Send("GET / HTTP/1.1\r\nX: " + std::string(20 << 10, 'a') + "\r\n\r\n");
    CHECK(client.ReadAll().rfind("HTTP/1.1 431", 0) == 0);
  }
}

TEST_CASE("a request that comes too slowly is dropped") {
  Server::Options options;
  options.request_timeout = absl::Milliseconds(200);
  const auto server = ServeEcho(options);
  TestSocket silent(server->port());
  TestSocket in_header(server->port());
  in_header.Send("GET / HT");
  TestSocket in_body(server->port());
  in_body.Send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(silent.ClosedWithin(5));
  CHECK(in_header.ClosedWithin(5));
  CHECK(in_body.ClosedWithin(5));
}

TEST_CASE("all bodies together stay within the budget") {
  std::promise<std::shared_ptr<Responder>> first;
  Server::Options options;
  options.body_budget = 1000;
  options.body_limit = [](std::string_view, std::string_view) -> uint64_t { return 1000; };
  const auto server = Serve(
      [&first](ServerRequest request, std::shared_ptr<Responder> responder) {
        if (request.target == "/hold") {
          first.set_value(std::move(responder));
        } else {
          responder->Send({});
        }
      },
      options);
  const std::string body(600, 'x');
  TestSocket holder(server->port());
  holder.Send("POST /hold HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + body);
  const auto responder = first.get_future().get();
  TestSocket second(server->port());
  second.Send("POST / HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + body);
  CHECK(second.ReadAll().rfind("HTTP/1.1 503", 0) == 0);
  responder->Send({});
  CHECK(holder.ReadUntil("\r\n\r\n").rfind("HTTP/1.1 200", 0) == 0);
  TestSocket third(server->port());
  third.Send("POST / HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + body);
  CHECK(third.ReadUntil("\r\n\r\n").rfind("HTTP/1.1 200", 0) == 0);
}

TEST_CASE("a stream is written piece by piece and ends") {
  const auto server = Serve([](ServerRequest, std::shared_ptr<Responder> responder) {
    std::thread([responder] {
      responder->BeginStream(200, {{"Content-Type", "text/event-stream"}});
      for (const char* piece : {"data: 1\n\n", "", "data: 2\n\n"}) {
        std::promise<bool> written;
        responder->Write(piece, [&written](bool ok) { written.set_value(ok); });
        if (!written.get_future().get()) return;
      }
      responder->End();
    }).detach();
  });
  HttpClient client;
  HttpRequest request;
  request.url = "http://" + server->address() + "/";
  std::string data;
  SseReader reader([&data](const SseReader::Event& event) {
    data += event.data;
    return true;
  });
  const auto response =
      client.Stream(request, [&reader](std::string_view piece) { return reader.Feed(piece); });
  REQUIRE(response.ok());
  CHECK(data == "12");
  CHECK(client.Stream(request, [](std::string_view) { return true; }).ok());
}

TEST_CASE("a client that does not read holds the writer back, and its going is noticed") {
  std::promise<void> gone;
  std::atomic<int> written{0};
  std::shared_ptr<Responder> held;
  std::function<void(bool)> next;
  const auto server = Serve([&](ServerRequest, std::shared_ptr<Responder> responder) {
    held = responder;
    responder->OnDisconnect([&gone] { gone.set_value(); });
    responder->BeginStream(200, {});
    next = [&](bool ok) {
      if (ok && ++written < 10'000) held->Write(std::string(64 << 10, 'x'), next);
    };
    next(true);
  });
  {
    TestSocket client(server->port());
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK(client.ReadUntil("\r\n\r\n").rfind("HTTP/1.1 200", 0) == 0);
  }
  REQUIRE(gone.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  CHECK(written < 1'000);  // what fits into the socket's buffers
  server->Stop(absl::ZeroDuration());
  held.reset();
}

TEST_CASE("a client that goes while its request is handled is noticed") {
  std::promise<std::shared_ptr<Responder>> started;
  std::promise<void> gone;
  const auto server = Serve([&](ServerRequest, std::shared_ptr<Responder> responder) {
    responder->OnDisconnect([&gone] { gone.set_value(); });
    started.set_value(std::move(responder));
  });
  std::shared_ptr<Responder> responder;
  {
    TestSocket client(server->port());
    client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    responder = started.get_future().get();
  }
  REQUIRE(gone.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  responder->Send({});
  bool called = false;
  responder->Write("x", [&called](bool ok) { called = !ok; });
  CHECK(called);
}

TEST_CASE("a request that nobody answers gets 500, an unended stream is cut") {
  const auto server = Serve([](ServerRequest request, std::shared_ptr<Responder> responder) {
    if (request.target == "/stream") {
      responder->BeginStream(200, {});
      responder->Write("part", nullptr);
    }
  });
  TestSocket client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.ReadAll().rfind("HTTP/1.1 500", 0) == 0);
  TestSocket stream(server->port());
  stream.Send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(stream.ReadAll().find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("an answer from another thread wins over the handler's letting go") {
  const auto server = Serve([](ServerRequest, std::shared_ptr<Responder> responder) {
    std::thread([&responder] {
      responder->Send({.status = 200, .headers = {}, .body = "answer"});
    }).join();
  });
  TestSocket client(server->port());
  client.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(client.ReadUntil("answer").rfind("HTTP/1.1 200", 0) == 0);
}

TEST_CASE("stopping lets the running request end and closes idle connections") {
  std::promise<std::shared_ptr<Responder>> started;
  const auto server = Serve([&](ServerRequest, std::shared_ptr<Responder> responder) {
    started.set_value(std::move(responder));
  });
  TestSocket busy(server->port());
  TestSocket idle(server->port());
  busy.Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  auto responder = started.get_future().get();
  std::thread stopper([&server] { server->Stop(absl::Seconds(10)); });
  CHECK(idle.ClosedWithin(5));
  responder->Send({.status = 200, .headers = {}, .body = "done"});
  responder.reset();
  const std::string answer = busy.ReadAll();
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(answer.find("done") != std::string::npos);
  stopper.join();
}

TEST_CASE("a Unix socket serves, is private, and replaces a stale one") {
  auto folder = TempDir::Create("http");
  REQUIRE(folder.ok());
  const std::string path = folder->path() + "/s";
  for (int round = 0; round < 2; ++round) {
    Server::Options options;
    options.listen = "unix:" + path;
    auto server = Server::Start(options, [](ServerRequest request, std::shared_ptr<Responder> r) {
      r->Send({.status = 200, .headers = {}, .body = request.remote_address});
    });
    REQUIRE(server.ok());
    CHECK(
        Server::Start(options, [](ServerRequest, std::shared_ptr<Responder>) {}).status().code() ==
        absl::StatusCode::kUnavailable);
    HttpRequest request;
    request.url = "http://slipway/x";
    request.unix_socket = path;
    HttpClient client;
    const auto response = client.Send(request);
    REQUIRE(response.ok());
    CHECK(response->body == "unix");
  }
}

TEST_CASE("an address that is taken or none at all is named") {
  const auto server = ServeEcho();
  Server::Options options;
  options.listen = server->address();
  const auto ignore = [](ServerRequest, std::shared_ptr<Responder>) {};
  CHECK(Server::Start(options, ignore).status().code() == absl::StatusCode::kUnavailable);
  for (const char* listen : {"", "x", "127.0.0.1", "127.0.0.1:99999", "localhost:1", "unix:"}) {
    options.listen = listen;
    INFO(listen);
    CHECK(Server::Start(options, ignore).status().code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace slipway::http
