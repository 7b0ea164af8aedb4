#pragma once

#include <string>
#include <string_view>

namespace slipway::forge {

// One spelling for all that mean the same repository: host in lower case with a port that is not the scheme's own, path
// without ".git", leading and trailing slashes; scheme and user are left out. "https://u@Host:443/a/b.git/", "http://host/a/b"
// and "git@host:a/b.git" are all "host/a/b". "" for what is no repository URL.
std::string RepositoryKey(std::string_view url);

// Whether a hook may speak for `url`: one of its entries is the repository, or is a prefix that ends with "/" and lies above
// it. ("http://host/" stands for the whole host.)
bool CoversRepository(std::string_view entry, std::string_view url);

}  // namespace slipway::forge
