#pragma once

#include <string>
#include <string_view>

namespace slipway::pipeline {

// One form for all spellings of a repository's address, for finding it: host in lower case, its
// port unless it is the scheme's own, path without a final ".git" and '/'.
// "https://Git.Example/a/b.git", "http://git.example/a/b/", "git@git.example:a/b.git" and
// "ssh://git@git.example/a/b" are all "git.example/a/b". Paths keep their case. "" for what is no
// address.
std::string NormalRepositoryUrl(std::string_view url);

}  // namespace slipway::pipeline
