#include "libs/git/names.h"

#include <catch2/catch.hpp>
#include <string>

namespace slipway::git {
namespace {

TEST_CASE("Ordinary ref names are accepted") {
  for (const char* name :
       {"main", "feature/x", "refs/heads/release-1.2", "v1.0.0", "user@host", "ünïcode", "a.b/c"}) {
    INFO(name);
    CHECK(ValidateRefName(name).ok());
  }
}

TEST_CASE("Ref names that are options or break git's rules are refused") {
  for (const std::string name : {"",       "-",        "--upload-pack=touch /tmp/x",
                                 "-b",     "a..b",     "../x",
                                 "a/../b", ".hidden",  "a/.b",
                                 "a.lock", "a.lock/b", "a b",
                                 "a~1",    "a^",       "a:b",
                                 "a?",     "a*",       "a[b",
                                 "a\\b",   "a\nb",     "a\x7f",
                                 "/a",     "a/",       "a//b",
                                 "a.",     "@",        "a@{1}"}) {
    INFO(name);
    CHECK(ValidateRefName(name).code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK_FALSE(ValidateRefName(std::string("a\0b", 3)).ok());
  CHECK_FALSE(ValidateRefName(std::string(300, 'a')).ok());
}

TEST_CASE("Refspecs take one star on both sides, or a commit id") {
  const std::string sha(40, 'a');
  for (const std::string& good :
       {std::string("+refs/heads/*:refs/heads/*"), std::string("main"),
        std::string("refs/heads/a:refs/x/b"), sha + ":refs/pipelines/1", sha}) {
    INFO(good);
    CHECK(ValidateRefspec(good).ok());
  }
  for (const std::string bad : {"", "+", ":", "--mirror", "+-x:y", "a:-b", "refs/*/x*:refs/y/*",
                                "refs/*:refs/x", "a:b:c", ":refs/heads/main", "^main"}) {
    INFO(bad);
    CHECK_FALSE(ValidateRefspec(bad).ok());
  }
}

TEST_CASE("Repository URLs are http or https with a host and without credentials") {
  for (const char* good : {"https://github.com/acme/shop.git",
                           "http://127.0.0.1:8481/demo/hello.git", "http://[::1]:80/a"}) {
    INFO(good);
    CHECK(ValidateUrl(good).ok());
  }
  for (const char* bad : {"",
                          "-u",
                          "--upload-pack=x",
                          "ext::sh -c id",
                          "file:///etc",
                          "ssh://git@host/x",
                          "git@github.com:acme/shop.git",
                          "/etc/passwd",
                          "../x",
                          "https://",
                          "https:///x",
                          "https://host",
                          "https://host/",
                          "https://user:pw@host/x",
                          "https://user@host/x",
                          "https://host/a b",
                          "https://host/x?y",
                          "https://host/x#y",
                          "https://host/a/../b",
                          "https://-host/x",
                          "https://host/\nx",
                          "HTTP://host/x",
                          "git://host/x"}) {
    INFO(bad);
    CHECK(ValidateUrl(bad).code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(ValidateUrl("file:///tmp/x", true).ok());
}

TEST_CASE("Commit ids are forty digits of lower-case hex") {
  CHECK(IsSha(std::string(40, 'f')));
  CHECK_FALSE(IsSha(std::string(39, 'f')));
  CHECK_FALSE(IsSha(std::string(40, 'F')));
  CHECK(IsZeroSha(std::string(40, '0')));
  CHECK_FALSE(IsZeroSha(std::string(40, 'f')));
}

}  // namespace
}  // namespace slipway::git
