#include "services/runner/job/expand.h"

#include <catch2/catch.hpp>

namespace slipway::runner {

TEST_CASE("Variables are filled in without a shell") {
  const std::map<std::string, std::string> variables = {
      {"A", "alpha"}, {"AB", "beta"}, {"_x1", "under"}, {"EMPTY", ""}, {"NESTED", "$A `id` $(id)"}};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"plain", "plain"},
      {"$A", "alpha"},
      {"$AB", "beta"},
      {"${A}B", "alphaB"},
      {"$A-$AB/$_x1", "alpha-beta/under"},
      {"[$EMPTY]", "[]"},
      {"$NESTED", "$A `id` $(id)"},
      {"$$A $$", "$A $"},
      {"cost: $5, 10$", "cost: $5, 10$"},
      {"$(id) `id` ${A ${} ${1}", "$(id) `id` ${A ${} ${1}"},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(*Expand(text, variables) == expected);
  }
}

TEST_CASE("An unknown variable is named with the nearest known one") {
  const auto result = Expand("$DOCKER_IMGE", {{"DOCKER_IMAGE", "x"}, {"CI", "true"}});
  CHECK(result.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(result.status().message()) ==
        "there is no variable $DOCKER_IMGE; did you mean $DOCKER_IMAGE? ($$ stands for a plain $)");
}

}  // namespace slipway::runner
