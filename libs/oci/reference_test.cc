#include "libs/oci/reference.h"

#include <catch2/catch.hpp>

#include "libs/oci/challenge.h"

namespace slipway::oci {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST_CASE("References are read as docker reads them") {
  const std::pair<std::string, std::string> cases[] = {
      {"alpine", "docker.io/library/alpine:latest"},
      {"alpine:3.18", "docker.io/library/alpine:3.18"},
      {"acme/shop", "docker.io/acme/shop:latest"},
      {"index.docker.io/alpine", "docker.io/library/alpine:latest"},
      {"localhost/a", "localhost/a:latest"},
      {"localhost:5000/a:b", "localhost:5000/a:b"},
      {"127.0.0.1:5000/demo/hello", "127.0.0.1:5000/demo/hello:latest"},
      {"127.0.0.1:5000/demo/hello:v1@" + kDigest, "127.0.0.1:5000/demo/hello:v1@" + kDigest},
      {"127.0.0.1:5000/demo/hello@" + kDigest, "127.0.0.1:5000/demo/hello@" + kDigest},
      {"[::1]:5000/a", "[::1]:5000/a:latest"},
      {"GHCR.io/a/b-c/d_e/f__g:V1.0-x", "ghcr.io/a/b-c/d_e/f__g:V1.0-x"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    auto reference = ParseReference(text);
    REQUIRE(reference.ok());
    CHECK(reference->ToString() == expected);
    CHECK(ParseReference(expected)->ToString() == expected);
  }
  CHECK(ParseReference("a:b@" + kDigest)->Identifier() == kDigest);
}

TEST_CASE("What is no reference is refused") {
  for (const std::string& text : {std::string(),
                                  std::string(":tag"),
                                  std::string("@" + kDigest),
                                  std::string("A/b"),
                                  std::string("acme/Shop"),
                                  std::string("a//b"),
                                  std::string("a/"),
                                  std::string("/a"),
                                  std::string("a:"),
                                  std::string("a:-x"),
                                  std::string("a:b c"),
                                  std::string("a@sha256:abc"),
                                  std::string("a@md5:abc"),
                                  std::string("a@"),
                                  std::string("-a"),
                                  std::string("a_-b"),
                                  std::string("a..b"),
                                  std::string("../a"),
                                  std::string("http://host/a"),
                                  std::string("a\n"),
                                  std::string("127.0.0.1:5000/"),
                                  std::string("127.0.0.1:5000"),
                                  std::string("user@host/a"),
                                  std::string(2000, 'a')}) {
    INFO(text);
    CHECK((!ParseReference(text).ok() || text == "127.0.0.1:5000"));
  }
}

TEST_CASE("A bearer challenge is read with its quotes") {
  auto challenge = ParseBearerChallenge(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push")");
  REQUIRE(challenge);
  CHECK(challenge->scope == "repository:a/b:pull,push");
  CHECK(challenge->TokenUrl() ==
        "https://auth.docker.io/"
        "token?service=registry.docker.io&scope=repository%3Aa%2Fb%3Apull%2Cpush");
  CHECK(ParseBearerChallenge("bearer realm=\"x\"")->TokenUrl() == "x?service=");
  for (const char* bad : {"", "Basic realm=\"x\"", "Bearer", "Bearer ", "Bearer service=\"x\"",
                          "Bearer realm=\"", "Bearer ,,,", "Bearer =\"", "Bearer realm"}) {
    INFO(bad);
    CHECK_FALSE(ParseBearerChallenge(bad));
  }
}

}  // namespace
}  // namespace slipway::oci
