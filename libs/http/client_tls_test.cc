// What the client trusts: against a real TLS server.

#include <catch2/catch.hpp>

#include "libs/http/client.h"
#include "libs/http/testing/tls_server.h"

namespace slipway::http {
namespace {

absl::StatusOr<HttpResponse> Get(const TlsServer& server, TlsOptions tls) {
  HttpRequest request;
  request.url = server.url() + "/";
  request.tls = std::move(tls);
  return HttpClient().Send(request);
}

TEST_CASE("a server is trusted by its own authority, by the system's, or when all are") {
  const TlsServer server;
  CHECK(Get(server, {.ca = server.ca()}).ok());
  CHECK(Get(server, {.skip_verify = true}).ok());
  const absl::StatusOr<HttpResponse> unknown = Get(server, {});
  CHECK(unknown.status().code() == absl::StatusCode::kUnavailable);
  CHECK_FALSE(Get(server, {.ca = server.other_ca()}).ok());

  absl::StatusOr<HttpResponse> by_system;
  server.WhileSystemTrusts([&] { by_system = Get(server, {}); });
  CHECK(by_system.ok());
}

TEST_CASE("given authorities replace the system's") {
  const TlsServer server;
  absl::StatusOr<HttpResponse> response;
  server.WhileSystemTrusts([&] { response = Get(server, {.ca = server.other_ca()}); });
  CHECK(response.status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace slipway::http
