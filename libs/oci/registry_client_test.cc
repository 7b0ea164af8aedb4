#include "libs/oci/registry_client.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/http/server.h"
#include "libs/oci/testing/registry.h"

namespace slipway::oci {
namespace {

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

TEST_CASE("A real registry's images are found by tag and digest, with size, labels and time") {
  Registry registry("builder", "s3cret");
  http::HttpClient http;
  const RegistryClient client(http);
  const RegistryEndpoint endpoint = registry.endpoint();
  const std::string digest = registry.Push("demo/hello", "v1", "3f2a91c");
  CHECK(client.Ping(endpoint).ok());
  CHECK(*client.ResolveDigest(endpoint, "demo/hello", "v1") == digest);
  CHECK(*client.ResolveDigest(endpoint, "demo/hello", digest) == digest);
  CHECK(*client.TagExists(endpoint, "demo/hello", "v1"));
  CHECK_FALSE(*client.TagExists(endpoint, "demo/hello", "v2"));
  CHECK_FALSE(*client.TagExists(endpoint, "demo/nothing", "v1"));
  auto manifest = client.GetManifest(endpoint, "demo/hello", "v1");
  REQUIRE(manifest.ok());
  CHECK(manifest->digest == digest);
  CHECK(manifest->media_type == "application/vnd.oci.image.manifest.v1+json");
  CHECK(manifest->size > 100);
  auto config = client.GetConfig(endpoint, "demo/hello", *manifest);
  REQUIRE(config.ok());
  CHECK(config->labels.at("commit") == "3f2a91c");
  CHECK(config->os == "linux");
  CHECK(*config->created ==
        absl::FromCivil(absl::CivilSecond(2026, 1, 2, 3, 4, 5), absl::UTCTimeZone()));
  const absl::Status missing =
      client.GetManifest(endpoint, "demo/hello", "sha256:" + std::string(64, 'a')).status();
  CHECK(ReasonOf(missing) == "IMAGE_NOT_FOUND");
}

TEST_CASE("The cause of a refusal is told apart, without the password") {
  Registry registry("builder", "s3cret");
  http::HttpClient http;
  const RegistryClient client(http);
  RegistryEndpoint endpoint = registry.endpoint();
  endpoint.password = "wr0ng-one";
  CHECK(ReasonOf(client.Ping(endpoint)) == "REGISTRY_UNAUTHORIZED");
  CHECK(MessageOf(client.Ping(endpoint)).find("wr0ng-one") == std::string::npos);
  CHECK(ReasonOf(client.TagExists(endpoint, "demo/hello", "v1").status()) ==
        "REGISTRY_UNAUTHORIZED");
  CHECK(ReasonOf(client.Ping({registry.endpoint().url, "", ""})) == "REGISTRY_UNAUTHORIZED");
  CHECK(ReasonOf(client.Ping({"http://127.0.0.1:1", "", ""})) == "REGISTRY_UNREACHABLE");
  CHECK(ReasonOf(client.Ping({"http://no-such-host.invalid", "", ""})) == "REGISTRY_UNREACHABLE");
  for (const char* bad : {"../../v2", "Demo", "", "a b", "demo/hello?x"}) {
    CHECK(client.TagExists(registry.endpoint(), bad, "v1").status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
  CHECK(client.TagExists(registry.endpoint(), "demo/hello", "../x").status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE(
    "A token is fetched where the registry says, and blobs may lie elsewhere, without our "
    "credentials") {
  const std::string config_text = R"({"os":"linux","config":{"Labels":{"a":"b"}}})";
  const std::string config_digest = "sha256:" + Sha256Hex(config_text);
  const std::string manifest_text = R"({"schemaVersion":2,"config":{"digest":")" + config_digest +
                                    R"(","size":3},"layers":[{"size":4}]})";
  std::string seen_elsewhere = "not asked";
  auto store = *http::Server::Start(
      {.listen = "127.0.0.1:0"},
      [&](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
        seen_elsewhere = request.Header("authorization");
        responder->Send({.body = config_text});
      });
  int port = 0;
  bool tamper = false;
  auto server = *http::Server::Start(
      {.listen = "127.0.0.1:0"},
      [&](http::ServerRequest request, std::shared_ptr<http::Responder> responder) {
        const std::string authorization(request.Header("authorization"));
        if (request.target.starts_with(
                "/token?service=reg&scope=repository%3Ademo%2Fhello%3Apull")) {
          responder->Send(authorization == "Basic " + Base64Encode("builder:s3cret")
                              ? http::ServerResponse{.body = R"({"access_token":"t0ken"})"}
                              : http::ServerResponse{.status = 401});
        } else if (authorization != "Bearer t0ken") {
          responder->Send(
              {.status = 401,
               .headers = {{"WWW-Authenticate",
                            "Bearer realm=\"http://127.0.0.1:" + std::to_string(port) +
                                "/token\",service=\"reg\",scope=\"repository:demo/hello:pull\""}}});
        } else if (request.target.find("/blobs/") != std::string::npos) {
          responder->Send(
              {.status = 307, .headers = {{"Location", "http://" + store->address() + "/blob"}}});
        } else if (request.target.ends_with("/denied")) {
          responder->Send({.status = 403});
        } else if (request.target.ends_with("/busy")) {
          responder->Send({.status = 429});
        } else if (request.target.ends_with("/broken")) {
          responder->Send(
              {.status = 500, .body = R"({"errors":[{"code":"UNKNOWN","message":"disk full"}]})"});
        } else {
          responder->Send({.body = tamper ? manifest_text + " " : manifest_text});
        }
      });
  port = server->port();
  http::HttpClient http;
  const RegistryClient client(http);
  const RegistryEndpoint endpoint{"127.0.0.1:" + std::to_string(port) + "/", "builder", "s3cret"};
  auto manifest = client.GetManifest(endpoint, "demo/hello", "v1");
  REQUIRE(manifest.ok());
  CHECK(manifest->size == 7);
  CHECK(*client.ResolveDigest(endpoint, "demo/hello", "v1") ==
        manifest->digest);  // no digest header: from the bytes
  auto config = client.GetConfig(endpoint, "demo/hello", *manifest);
  REQUIRE(config.ok());
  CHECK(config->labels.at("a") == "b");
  CHECK(seen_elsewhere.empty());
  CHECK(ReasonOf(client.GetManifest(endpoint, "demo/hello", "denied").status()) ==
        "REGISTRY_FORBIDDEN");
  CHECK(ReasonOf(client.GetManifest(endpoint, "demo/hello", "busy").status()) ==
        "REGISTRY_RATE_LIMIT");
  const absl::Status broken = client.GetManifest(endpoint, "demo/hello", "broken").status();
  CHECK(ReasonOf(broken) == "REGISTRY_FAILED");
  CHECK(MessageOf(broken).find("disk full") != std::string::npos);
  tamper = true;
  CHECK(ReasonOf(client.GetManifest(endpoint, "demo/hello", manifest->digest).status()) ==
        "DIGEST_MISMATCH");
  CHECK(ReasonOf(client.Ping({endpoint.url, "builder", "wrong"})) == "REGISTRY_UNAUTHORIZED");
}

}  // namespace
}  // namespace slipway::oci
