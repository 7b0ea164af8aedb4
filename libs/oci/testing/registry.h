#pragma once

#include <optional>
#include <string>

#include "libs/base/file.h"
#include "libs/base/unique_fd.h"
#include "libs/http/client.h"
#include "libs/oci/registry_client.h"
#include "libs/process/process.h"

namespace slipway::oci {

// The packaged registry for tests, on a free loopback port with data of its own, ended with the
// object. Aborts the test program when the machine can't run it. Not thread-safe.
class Registry {
 public:
  // With a user name, everybody is asked for the password.
  explicit Registry(std::string username = "", std::string password = "");

  // "127.0.0.1:40123"
  const std::string& address() const { return address_; }
  RegistryEndpoint endpoint() const { return {"http://" + address_, username_, password_}; }
  // Pushes a one-layer image with this label and tag over the HTTP API; returns its digest.
  std::string Push(const std::string& repository, const std::string& tag,
                   const std::string& label_value);

 private:
  std::string PutBlob(const std::string& repository, const std::string& bytes);
  http::HttpResponse Send(const std::string& method, const std::string& url,
                          const std::string& type, const std::string& body);

  TempDir dir_;
  std::string username_, password_;
  UniqueFd log_;
  std::optional<process::Process> process_;
  std::string address_;
  http::HttpClient http_;
};

}  // namespace slipway::oci
