// What git trusts: against a real TLS server, which is no git server.

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/git/cli.h"
#include "libs/http/testing/tls_server.h"

namespace slipway::git {
namespace {

// Whether git came as far as to find no repository there.
bool Trusts(const http::TlsServer& server, http::TlsOptions tls) {
  const auto cli = GitCli::Create({});
  REQUIRE(cli.ok());
  GitRemote remote;
  remote.url = server.url() + "/demo/hello.git";
  remote.tls = std::move(tls);
  const absl::Status status = (*cli)->ListRemote(remote).status();
  INFO(MessageOf(status));
  REQUIRE_FALSE(status.ok());
  return DetailsOf(status).reason != "GIT_CERTIFICATE";
}

TEST_CASE("Git trusts a host by its own authority, by the system's, or every host") {
  const http::TlsServer server;
  CHECK(Trusts(server, {.ca = server.ca()}));
  CHECK(Trusts(server, {.skip_verify = true}));
  CHECK_FALSE(Trusts(server, {}));
  CHECK_FALSE(Trusts(server, {.ca = server.other_ca()}));
  server.WhileSystemTrusts([&] { CHECK(Trusts(server, {})); });
}

TEST_CASE("Authorities that are given to git replace the system's") {
  const http::TlsServer server;
  server.WhileSystemTrusts([&] { CHECK_FALSE(Trusts(server, {.ca = server.other_ca()})); });
}

}  // namespace
}  // namespace slipway::git
