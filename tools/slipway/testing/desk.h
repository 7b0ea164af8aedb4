#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "tools/slipway/testing/fake_gateway.h"

namespace slipway::cli {

// How the program ended.
struct Result {
  int code = -1;
  std::string out = {};
  std::string err = {};
};

inline bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The program beside a fake gateway, in a folder of its own. Owned by one test case.
class Desk {
 public:
  Desk();

  Result Run(std::vector<std::string> arguments, std::string standard_input = "");
  // A file in its folder.
  void Write(const std::string& name, std::string_view text);

  FakeGateway gateway;
  TempDir folder = *TempDir::Create("slipway-cli");
  std::map<std::string, std::string> env;
  // Called with all that was written so far, at each piece; unset: not called.
  std::function<void(const std::string& so_far)> on_output;
};

}  // namespace slipway::cli
