#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slipway::githost {

// A request path of the git host, taken apart: "/demo/hello.git/info/refs" is {"demo/hello.git",
// "info/refs"}.
struct RequestPath {
  std::string repository;  // "<group>/<name>.git", safe to append to the projects' root
  std::string rest;        // what follows the slash after it
};

// True for "<group>/<name>.git": group of [a-z0-9-], name of [a-z0-9._-] that starts with a letter
// or digit, both of 1 to 100 characters. No other name reaches the file system.
bool IsRepositoryPath(std::string_view path);

// The file name under which things of a repository are kept, "demo@hello.git" for "demo/hello.git",
// and back; empty for the name of no repository.
std::string FileNameOf(std::string_view repository);
std::string RepositoryOfFile(std::string_view file_name);

// Empty for any path that does not name a repository of this host.
std::optional<RequestPath> ParseRequestPath(std::string_view path_info);

}  // namespace slipway::githost
