#include "libs/forge/repository_url.h"

#include <catch2/catch.hpp>

namespace slipway::forge {

TEST_CASE("all spellings of a repository have one key") {
  for (const char* url : {"https://Example.com/demo/hello.git", "https://example.com:443/demo/hello", "http://example.com:80/demo/hello/",
                          "https://user:pw@example.com/demo/hello.git/", "git@example.com:demo/hello.git",
                          "ssh://git@example.com:22/demo/hello.git", "git://example.com/demo/hello.git"}) {
    INFO(url);
    CHECK(RepositoryKey(url) == "example.com/demo/hello");
  }
  CHECK(RepositoryKey("http://127.0.0.1:8481/demo/hello.git") == "127.0.0.1:8481/demo/hello");
  CHECK(RepositoryKey("https://example.com/Demo/Hello") == "example.com/Demo/Hello");
  for (const char* none : {"", "hello", "https://example.com", "https://example.com/", "/srv/git/x"}) CHECK(RepositoryKey(none).empty());
}

TEST_CASE("a hook speaks for its repositories and for what lies below its prefixes") {
  const char* url = "http://127.0.0.1:8481/demo/hello.git";
  CHECK(CoversRepository("http://127.0.0.1:8481/demo/hello", url));
  CHECK(CoversRepository("http://127.0.0.1:8481/", url));
  CHECK(CoversRepository("http://127.0.0.1:8481/demo/", url));
  CHECK_FALSE(CoversRepository("http://127.0.0.1:8481/dem/", url));
  CHECK_FALSE(CoversRepository("http://127.0.0.1:8481/demo", url));
  CHECK_FALSE(CoversRepository("http://127.0.0.1:84/", url));
  CHECK_FALSE(CoversRepository("http://127.0.0.1:8481/demo/hello", "http://127.0.0.1:8481/demo/hello-evil.git"));
  CHECK_FALSE(CoversRepository("/", url));
  CHECK_FALSE(CoversRepository("", url));
}

}  // namespace slipway::forge
