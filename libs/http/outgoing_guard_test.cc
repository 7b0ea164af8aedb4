#include "libs/http/outgoing_guard.h"

#include <arpa/inet.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "libs/base/error.h"

namespace slipway::http {
namespace {

OutgoingGuard Guard(const std::vector<std::string>& allowed) {
  auto guard = OutgoingGuard::Create(allowed);
  REQUIRE(guard.ok());
  return *std::move(guard);
}

bool Public(const std::string& text) {
  sockaddr_storage address{};
  if (text.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    REQUIRE(inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1);
    std::memcpy(&address, &v4, sizeof(v4));
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    REQUIRE(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1);
    std::memcpy(&address, &v6, sizeof(v6));
  }
  return IsPublicAddress(reinterpret_cast<const sockaddr*>(&address));
}

}  // namespace

TEST_CASE("URLs that lead inside are refused in every spelling") {
  const OutgoingGuard guard = Guard({});
  const std::string url = GENERATE(
      "http://127.0.0.1/", "http://127.1/", "http://127.0.0.1:8080/x",
      "http://169.254.169.254/latest", "http://[::1]/", "http://0x7f000001/", "http://2130706433/",
      "http://017700000001/", "http://0x7f.0.0.1/", "http://0177.0.0.01/", "http://0/",
      "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::]/",
      "http://[fe80::1]/", "http://[fc00::1]/", "http://[fd12:3456::1]/",
      "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://10.1.2.3/",
      "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/",
      "http://224.0.0.1/", "http://255.255.255.255/", "http://localhost/", "http://LOCALHOST:80/",
      "http://localhost./", "https://127.0.0.1/");
  INFO(url);
  const absl::Status status = guard.CheckUrl(url);
  CHECK_FALSE(status.ok());
  CHECK((DetailsOf(status).reason == "OUTGOING_ADDRESS_REFUSED" ||
         DetailsOf(status).reason == "HOST_NOT_FOUND"));
}

TEST_CASE("only http and https URLs without credentials pass") {
  const OutgoingGuard guard = Guard({"127.0.0.1:80"});
  const std::string url = GENERATE(
      "file:///etc/passwd", "ext::sh -c id", "ssh://git@127.0.0.1/x", "git://127.0.0.1/x",
      "ftp://127.0.0.1/", "gopher://127.0.0.1/", "-oProxyCommand=x", "", "http://", "http:///x",
      "http://user:secret@127.0.0.1/", "http://127.0.0.1\\@1.1.1.1/", "http://127.0.0.1:99999/",
      "http://a b/", "http://127.0.0.1/\nx", "//127.0.0.1/x", "127.0.0.1/x");
  INFO(url);
  const absl::Status status = guard.CheckUrl(url);
  CHECK_FALSE(status.ok());
  CHECK(MessageOf(status).find("secret") == std::string::npos);
}

TEST_CASE("an allowed pair passes with that port only") {
  const OutgoingGuard guard = Guard({"127.0.0.1:8481", "[::1]:80", "Git.Internal:443"});
  CHECK(guard.CheckUrl("http://127.0.0.1:8481/demo.git").ok());
  CHECK(guard.CheckUrl("http://0x7f000001:8481/demo.git").ok());
  CHECK(guard.CheckUrl("http://[::1]/").ok());
  CHECK(guard.CheckUrl("https://git.internal/x").ok());
  CHECK_FALSE(guard.CheckUrl("http://127.0.0.1:8482/demo.git").ok());
  CHECK_FALSE(guard.CheckUrl("http://localhost:8481/demo.git").ok());
}

TEST_CASE("public numeric addresses pass") {
  const OutgoingGuard guard = Guard({});
  const auto resolved = guard.Resolve("https://1.1.1.1/x?token=y");
  REQUIRE(resolved.ok());
  CHECK(resolved->addresses == std::vector<std::string>{"1.1.1.1"});
  CHECK(resolved->url.ForPeople() == "https://1.1.1.1:443/x");
}

TEST_CASE("address ranges end where the registries say") {
  CHECK(Public("9.255.255.255"));
  CHECK_FALSE(Public("10.0.0.0"));
  CHECK(Public("11.0.0.0"));
  CHECK(Public("172.15.255.255"));
  CHECK(Public("172.32.0.0"));
  CHECK(Public("100.63.255.255"));
  CHECK_FALSE(Public("100.127.255.255"));
  CHECK(Public("223.255.255.255"));
  CHECK_FALSE(Public("239.1.1.1"));
  CHECK(Public("2606:4700::1111"));
  CHECK_FALSE(Public("2001:db8::1"));
  CHECK_FALSE(Public("ff02::1"));
  CHECK_FALSE(Public("::ffff:1.1.1.1"));
}

TEST_CASE("an allow list with something else in it is refused") {
  for (const char* pair : {"127.0.0.1", "a:b", "a:", ":80", "http://x:80", "[::1]", "x:0"}) {
    INFO(pair);
    CHECK_FALSE(OutgoingGuard::Create({pair}).ok());
  }
}

}  // namespace slipway::http
