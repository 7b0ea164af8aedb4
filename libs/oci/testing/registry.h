#pragma once

#include <optional>
#include <string>

#include "libs/base/file.h"
#include "libs/base/unique_fd.h"
#include "libs/http/client.h"
#include "libs/oci/registry_client.h"
#include "libs/process/process.h"

namespace slipway::oci {

// The packaged registry for tests, on a free loopback port with a password, ended with the object.
// Aborts the test program when the machine can't do it. Not thread-safe.
class Registry {
 public:
  Registry();

  RegistryEndpoint endpoint() const { return {url_, "builder", "s3cret"}; }
  // Pushes a one-layer image with this label and tag over the HTTP API; returns its digest.
  std::string Push(const std::string& repository, const std::string& tag,
                   const std::string& label_value);

 private:
  std::string PutBlob(const std::string& repository, const std::string& bytes);
  http::HttpResponse Send(const std::string& method, const std::string& url,
                          const std::string& type, const std::string& body);

  TempDir dir_;
  UniqueFd log_;
  std::optional<process::Process> process_;
  std::string url_;
  http::HttpClient http_;
};

}  // namespace slipway::oci
