#include "services/gitops/source/account_host.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

TEST_CASE("A Git account signs in at its own host and port, and nowhere else") {
  CHECK(CheckAccountHost("a", "git.example", "https://git.example/x.git").ok());
  CHECK(CheckAccountHost("a", "git.example:443", "https://Git.Example/x.git").ok());
  CHECK(CheckAccountHost("a", "127.0.0.1:8481", "http://127.0.0.1:8481/x.git").ok());
  for (const char* url :
       {"https://git.example.evil/x.git", "http://git.example/x.git", "https://evil/git.example",
        "https://git.example:8443/x", "https://evil/?git.example"}) {
    INFO(url);
    const absl::Status refused = CheckAccountHost("a", "git.example", url);
    CHECK(DetailsOf(refused).reason == "ACCOUNT_FOR_OTHER_HOST");
  }
  for (const char* url : {"https://git.example@evil/x", "ext::sh", "file:///etc", "ssh://git.example/x"}) {
    INFO(url);
    CHECK_FALSE(CheckAccountHost("a", "git.example", url).ok());
  }
}

}  // namespace
}  // namespace slipway::gitops
