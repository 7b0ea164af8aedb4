#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/http/client.h"

namespace slipway::oci {

// A registry and how to get in. A value. The password never stands in a URL or an error.
struct RegistryEndpoint {
  std::string
      url;  // "http://127.0.0.1:8482", "https://ghcr.io"; without scheme: https, for loopback http
  std::string username;  // empty: anonymous
  std::string password;
};

// One image as its registry describes it.
struct ImageManifest {
  std::string digest;  // of the manifest: the image's identity
  std::string media_type;
  bool is_index = false;      // a list of images for several platforms
  std::string config_digest;  // empty for an index
  uint64_t size = 0;          // bytes to pull: configuration and layers; 0 for an index
  std::string body;           // the manifest's JSON
};

struct ImageConfig {
  std::map<std::string, std::string> labels;
  std::optional<absl::Time> created;
  std::string os;
  std::string architecture;
};

// Reads from image registries over their HTTP API
// (https://github.com/opencontainers/distribution-spec), with Basic and token authentication.
// Blocking and thread-safe. Errors name their cause: errors.h.
class RegistryClient {
 public:
  // `http` must outlive it.
  explicit RegistryClient(http::HttpClient& http) : http_(http) {}

  // OK if the registry answers and takes the credentials.
  absl::Status Ping(const RegistryEndpoint& endpoint, std::stop_token stop = {}) const;

  // The digest that a tag (or digest) stands for; IMAGE_NOT_FOUND.
  absl::StatusOr<std::string> ResolveDigest(const RegistryEndpoint& endpoint,
                                            const std::string& repository,
                                            const std::string& tag_or_digest,
                                            std::stop_token stop = {}) const;
  absl::StatusOr<bool> TagExists(const RegistryEndpoint& endpoint, const std::string& repository,
                                 const std::string& tag, std::stop_token stop = {}) const;

  // The manifest, checked against its digest.
  absl::StatusOr<ImageManifest> GetManifest(const RegistryEndpoint& endpoint,
                                            const std::string& repository,
                                            const std::string& tag_or_digest,
                                            std::stop_token stop = {}) const;
  // The configuration of an image; of an index that of its linux/amd64 image, or the first.
  absl::StatusOr<ImageConfig> GetConfig(const RegistryEndpoint& endpoint,
                                        const std::string& repository,
                                        const ImageManifest& manifest,
                                        std::stop_token stop = {}) const;

 private:
  struct Call {
    const RegistryEndpoint& endpoint;
    std::string repository;  // for the errors; empty for /v2/
    std::string identifier;
    std::string method = "GET";
    std::string path = {};
    bool manifest = false;  // say which manifests are understood
    std::stop_token stop = {};
  };
  // Sends with whatever authentication the registry asks for; 200 or an error.
  absl::StatusOr<http::HttpResponse> Send(const Call& call) const;
  absl::StatusOr<http::HttpResponse> SendOnce(const Call& call, const std::string& base,
                                              const std::string& bearer) const;
  absl::StatusOr<std::string> GetToken(const Call& call, const std::string& base,
                                       std::string_view challenge) const;

  http::HttpClient& http_;
};

}  // namespace slipway::oci
