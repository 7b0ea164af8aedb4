#pragma once

#include <string_view>

namespace slipway::trigger {

// Whether `path` matches `pattern`: "*" stands for any characters but '/', "?" for one of them,
// "**" between slashes or at an end for any number of folders, and a pattern that ends with "/" for
// everything below it. Everything else is itself. Linear in the path for each "*"; no recursion on
// input of strangers.
bool GlobMatches(std::string_view pattern, std::string_view path);

}  // namespace slipway::trigger
