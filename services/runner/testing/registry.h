#pragma once

#include <optional>
#include <string>

#include "libs/base/file.h"
#include "libs/base/unique_fd.h"
#include "libs/process/process.h"

namespace slipway::runner {

// A real docker-registry on a free loopback port, with data of its own; ends with the object. For
// tests, which it aborts when the machine can't run it.
class Registry {
 public:
  // With a user name the registry asks for this password.
  explicit Registry(const std::string& username = "", const std::string& password = "");
  // 127.0.0.1:PORT.
  const std::string& address() const { return address_; }

 private:
  TempDir folder_;
  UniqueFd log_;
  std::optional<process::Process> process_;
  std::string address_;
};

}  // namespace slipway::runner
