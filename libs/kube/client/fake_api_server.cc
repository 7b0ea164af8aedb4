#include "libs/kube/client/fake_api_server.h"

#include <catch2/catch.hpp>
#include <utility>

namespace slipway::kube {

FakeApiServer::FakeApiServer(Handler handler) {
  http::Server::Options options;
  options.listen = "127.0.0.1:0";
  auto server = http::Server::Start(
      options, [this, handler = std::move(handler)](http::ServerRequest request,
                                                    std::shared_ptr<http::Responder> responder) {
        {
          const std::lock_guard<std::mutex> lock(mu_);
          seen_.push_back(request.method + " " + request.target);
        }
        handler(std::move(request), std::move(responder));
      });
  REQUIRE(server.ok());
  server_ = *std::move(server);
}

std::unique_ptr<Client> FakeApiServer::NewClient(Client::Options options) const {
  ClusterAccess access;
  access.server = url();
  access.token = "secret-token";
  auto client = Client::Create(std::move(access), std::move(options));
  REQUIRE(client.ok());
  return *std::move(client);
}

std::vector<std::string> FakeApiServer::seen() const {
  const std::lock_guard<std::mutex> lock(mu_);
  return seen_;
}

int FakeApiServer::CountSeen(std::string_view part) const {
  int count = 0;
  for (const std::string& line : seen()) {
    if (line.find(part) != std::string::npos) ++count;
  }
  return count;
}

void SendJson(http::Responder& responder, int status, std::string body, http::Headers headers) {
  headers.emplace_back("Content-Type", "application/json");
  responder.Send({.status = status, .headers = std::move(headers), .body = std::move(body)});
}

}  // namespace slipway::kube
