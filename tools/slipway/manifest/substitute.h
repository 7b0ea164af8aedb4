#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "libs/yaml/document.h"

namespace slipway::cli {

// The value of ${NAME}, if there is one.
using Lookup = std::function<std::optional<std::string>(const std::string& name)>;
using OnProblem =
    std::function<void(yaml::Mark mark, const std::string& path, const std::string& problem)>;

// Fills ${NAME} in all values of the tree but those of "script"; "$${" stands for "${". A plain
// $NAME is left alone. Keys are not touched. Each value that is missing or misspelt is a problem.
void Substitute(yaml::Node& node, const std::string& path, const Lookup& lookup,
                const OnProblem& on_problem);

}  // namespace slipway::cli
