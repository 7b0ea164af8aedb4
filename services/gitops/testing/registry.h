#pragma once

#include <optional>
#include <string>

#include "libs/base/file.h"
#include "libs/base/unique_fd.h"
#include "libs/process/process.h"

namespace slipway::gitops {

// A real docker-registry on a free loopback port, with data of its own; ends with the object. For
// tests, which it aborts when the machine can't run one. Not thread-safe.
class TestRegistry {
 public:
  // With a user, it asks everybody for the password.
  explicit TestRegistry(const std::string& username = "", const std::string& password = "");

  // "127.0.0.1:40123"
  const std::string& address() const { return address_; }
  // Ends the registry; its port refuses from then on.
  void Stop() { process_.reset(); }
  // Pushes an image FROM scratch that serves `files_text` at /index.html with busybox's httpd, on
  // port 8080; `command` replaces the server. Returns HOST:PORT/REPOSITORY@sha256:...
  std::string PushImage(const std::string& repository, const std::string& text,
                        const std::string& command = "");

 private:
  TempDir folder_;
  std::string address_;
  std::string username_, password_;
  UniqueFd log_;
  std::optional<process::Process> process_;
};

}  // namespace slipway::gitops
