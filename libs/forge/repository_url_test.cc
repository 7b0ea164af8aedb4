#include "libs/forge/repository_url.h"

#include <catch2/catch.hpp>

namespace slipway::forge {
namespace {

TEST_CASE("All ways to write one repository are one") {
  for (const char* url :
       {"https://github.com/acme/Shop", "https://github.com/acme/Shop.git",
        "https://GitHub.COM/acme/Shop.git/", "https://github.com:443/acme/Shop",
        "http://github.com:80/acme/Shop", "https://user:pw@github.com/acme/Shop.git",
        "git@github.com:acme/Shop.git", "github.com:acme/Shop",
        "ssh://git@github.com/acme/Shop.git", "ssh://git@github.com:22/acme/Shop",
        "ssh://git@github.com:2222/acme/Shop", "git@github.com:/acme/Shop.git",
        "https://github.com//acme/./Shop"}) {
    INFO(url);
    CHECK(NormaliseRepositoryUrl(url) == "github.com/acme/Shop");
  }
  CHECK(NormaliseRepositoryUrl("http://127.0.0.1:8481/demo/hello.git") ==
        "127.0.0.1:8481/demo/hello");
  CHECK(NormaliseRepositoryUrl("https://[::1]:8443/a/b.git") == "[::1]:8443/a/b");
  CHECK(NormaliseRepositoryUrl("https://[::1]/a") == "[::1]/a");
}

TEST_CASE("Different repositories stay different") {
  CHECK(NormaliseRepositoryUrl("https://github.com/acme/shop") !=
        NormaliseRepositoryUrl("https://github.com/acme/Shop"));
  CHECK(NormaliseRepositoryUrl("https://github.com/acme/shop") !=
        NormaliseRepositoryUrl("https://github.com:8443/acme/shop"));
  CHECK(NormaliseRepositoryUrl("https://evil.com/github.com/acme/shop") !=
        NormaliseRepositoryUrl("https://github.com/acme/shop"));
  CHECK(NormaliseRepositoryUrl("https://github.com@evil.com/acme/shop") == "evil.com/acme/shop");
}

TEST_CASE("What is no repository URL matches nothing") {
  for (const char* url :
       {"", "x", "/a/b", "file:///a/b", "https://", "https:///a", "https://host", "https://host/",
        "https://host/.git", "https://host/../a", "https://host:x/a", "https://:443/a",
        "ext::sh -c id", "https://host/a b", "https://host/a\nb", "https://host/a?b",
        "https://host/a#b", "git://host/a", "javascript:alert"}) {
    INFO(url);
    const std::string result = NormaliseRepositoryUrl(url);
    CHECK((result.empty() || url == std::string("ext::sh -c id") ||
           url == std::string("javascript:alert")));
    CHECK_FALSE(IsRepositoryWithin(
        "https://host/a/b",
        url == std::string("https://host") || url == std::string("https://host/") ? "" : url));
  }
}

TEST_CASE("A prefix holds whole parts of a path only") {
  const char* prefix = "http://127.0.0.1:8481/demo";
  CHECK(IsRepositoryWithin("http://127.0.0.1:8481/demo/hello.git", prefix));
  CHECK(IsRepositoryWithin("http://127.0.0.1:8481/demo.git", prefix));
  CHECK_FALSE(IsRepositoryWithin("http://127.0.0.1:8481/demo2/hello.git", prefix));
  CHECK_FALSE(IsRepositoryWithin("http://127.0.0.1:8482/demo/hello.git", prefix));
  CHECK_FALSE(IsRepositoryWithin("http://127.0.0.1:8481/demo/../other/x", prefix));
  CHECK(IsRepositoryWithin("http://127.0.0.1:8481/demo/hello.git", "http://127.0.0.1:8481/"));
  CHECK(IsRepositoryWithin("http://127.0.0.1:8481/demo/hello.git", "http://127.0.0.1:8481"));
  CHECK_FALSE(IsRepositoryWithin("http://127.0.0.1:84810/demo/hello.git", "http://127.0.0.1:8481"));
  CHECK_FALSE(IsRepositoryWithin("http://127.0.0.1:8481/demo/hello.git", ""));
}

}  // namespace
}  // namespace slipway::forge
