#pragma once

#include <string>
#include <string_view>

namespace slipway::forge {

// The identity of a repository, whichever of its URLs is given: "host[:port]/path" with the host in
// lower case, without scheme, user, default port, ".git" and trailing slashes.
// https://git@GitHub.com:443/acme/shop.git/, git@github.com:acme/shop.git and
// ssh://git@github.com:22/acme/shop are one. The path keeps its case. Empty for what is no URL of a
// repository, which matches nothing.
std::string NormaliseRepositoryUrl(std::string_view url);

// True if `url` is the repository at `prefix` or lies below it, part by part: "http://host/demo"
// holds "http://host/demo/hello.git", not "http://host/demo2/x".
bool IsRepositoryWithin(std::string_view url, std::string_view prefix);

}  // namespace slipway::forge
