#include "tools/slipway/testing/desk.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "libs/process/run.h"

namespace slipway::cli {

Desk::Desk() {
  env = {{"SLIPWAY_URL", gateway.url()},
         {"SLIPWAY_TOKEN", "token-of-the-test"},
         {"SLIPWAY_PROJECT", "demo"},
         {"XDG_CONFIG_HOME", folder.path() + "/config"}};
}

Result Desk::Run(std::vector<std::string> arguments, std::string standard_input) {
  process::ProcessSpec spec;
  spec.argv = {std::string(std::getenv("SLIPWAY_BIN_DIR")) + "/slipway"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.env = env;
  spec.cwd = folder.path();
  spec.stdin_data = std::move(standard_input);
  spec.timeout = absl::Seconds(30);
  Result result;
  if (on_output) {
    spec.out = process::OutputSink::Call([&](std::string_view chunk) {
      result.out += chunk;
      on_output(result.out);
    });
  }
  const auto ended = process::Run(spec);
  REQUIRE(ended.ok());
  INFO(ended->Describe());
  REQUIRE(ended->ending == process::ProcessResult::Ending::kExited);
  result.code = ended->exit_code;
  if (!on_output) result.out = ended->out;
  result.err = ended->err;
  return result;
}

void Desk::Write(const std::string& name, std::string_view text) {
  REQUIRE(WriteFileAtomic(folder.path() + "/" + name, text).ok());
}

}  // namespace slipway::cli
