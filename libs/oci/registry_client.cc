#include "libs/oci/registry_client.h"

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "libs/oci/challenge.h"
#include "libs/oci/errors.h"
#include "libs/oci/reference.h"

namespace slipway::oci {
namespace {

constexpr char kDockerManifest[] = "application/vnd.docker.distribution.manifest.v2+json";
constexpr char kDockerIndex[] = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr char kOciManifest[] = "application/vnd.oci.image.manifest.v1+json";
constexpr char kOciIndex[] = "application/vnd.oci.image.index.v1+json";
constexpr uint64_t kMaxAnswer = 4 << 20;

// "http://127.0.0.1:8482": without a trailing slash.
std::string BaseOf(const std::string& url) {
  std::string base = url;
  while (base.ends_with('/')) base.pop_back();
  if (base.find("://") != std::string::npos) return base;
  const bool local =
      base.starts_with("127.") || base.starts_with("localhost") || base.starts_with("[::1]");
  // Docker Hub's API lives under another name than its images.
  if (base == "docker.io" || base == "index.docker.io") return "https://registry-1.docker.io";
  return (local ? "http://" : "https://") + base;
}

std::string ImageName(const std::string& base, const std::string& repository,
                      const std::string& identifier) {
  const size_t at = base.find("://");
  return base.substr(at == std::string::npos ? 0 : at + 3) + "/" + repository +
         (IsDigest(identifier) ? "@" : ":") + identifier;
}

// The registry's own words, from {"errors": [{"code": ..., "message": ...}]}.
std::string DetailOf(const http::HttpResponse& response) {
  const auto body = json::Parse(response.body);
  if (!body.ok()) return response.body.empty() ? "no text" : response.body;
  const std::string message = json::GetString(*body, "errors[0].message").value_or("");
  const std::string code = json::GetString(*body, "errors[0].code").value_or("");
  return message.empty() && code.empty() ? response.body : code + " " + message;
}

absl::Status Transport(const absl::Status& status, const std::string& base) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return Unreachable(base, MessageOf(status));
    default:
      return status;
  }
}

absl::Status CheckNames(const std::string& repository, const std::string& identifier) {
  if (!IsRepositoryName(repository))
    return InvalidField("repository", "is no name of an image repository");
  if (!IsTag(identifier) && !IsDigest(identifier))
    return InvalidField("reference", "is neither a tag nor a digest");
  return absl::OkStatus();
}

uint64_t SizeOf(const boost::json::value& manifest) {
  int64_t size = std::max<int64_t>(0, json::GetInt(manifest, "config.size").value_or(0));
  if (const auto* layers = json::GetArray(manifest, "layers")) {
    for (const auto& layer : *layers)
      size += std::clamp<int64_t>(json::GetInt(layer, "size").value_or(0), 0, 1LL << 48);
  }
  return static_cast<uint64_t>(size);
}

}  // namespace

absl::StatusOr<http::HttpResponse> RegistryClient::SendOnce(const Call& call,
                                                            const std::string& base,
                                                            const std::string& bearer) const {
  http::HttpRequest request;
  request.method = call.method;
  request.url = base + call.path;
  request.max_response_bytes = kMaxAnswer;
  request.follow_redirects = false;
  if (call.manifest) {
    request.headers.emplace_back(
        "Accept", Join({kOciManifest, kOciIndex, kDockerManifest, kDockerIndex}, ", "));
  }
  if (!bearer.empty()) {
    request.bearer = bearer;
  } else if (!call.endpoint.username.empty()) {
    request.username = call.endpoint.username;
    request.password = call.endpoint.password;
  }
  absl::StatusOr<http::HttpResponse> response = http_.Send(request, call.stop);
  if (!response.ok()) return Transport(response.status(), base);
  const std::string_view location = response->Header("Location");
  if (response->status < 300 || response->status >= 400 || location.empty()) return response;
  // Large registries hand blobs out from a store elsewhere: there without our credentials.
  http::HttpRequest elsewhere;
  elsewhere.method = call.method;
  SLIPWAY_ASSIGN_OR_RETURN(elsewhere.url, http::ResolveReference(request.url, location));
  elsewhere.max_response_bytes = kMaxAnswer;
  response = http_.Send(elsewhere, call.stop);
  if (!response.ok()) return Transport(response.status(), base);
  return response;
}

absl::StatusOr<std::string> RegistryClient::GetToken(const Call& call, const std::string& base,
                                                     std::string_view challenge) const {
  const std::optional<BearerChallenge> bearer = ParseBearerChallenge(challenge);
  if (!bearer) return Unauthorized(base);
  SLIPWAY_ASSIGN_OR_RETURN(const http::Url registry, http::ParseUrl(base));
  SLIPWAY_ASSIGN_OR_RETURN(const http::Url realm, http::ParseUrl(bearer->realm));
  http::HttpRequest request;
  request.url = bearer->TokenUrl();
  request.max_response_bytes = kMaxAnswer;
  // The token server may be another host; a password goes there only where nobody on the way reads
  // it.
  if (!call.endpoint.username.empty() && (realm.scheme == "https" || realm.SameOrigin(registry))) {
    request.username = call.endpoint.username;
    request.password = call.endpoint.password;
  }
  absl::StatusOr<http::HttpResponse> response = http_.Send(request, call.stop);
  if (!response.ok()) return Transport(response.status(), base);
  if (response->status != 200) return Unauthorized(base);
  const auto body = json::Parse(response->body);
  if (!body.ok()) return NotARegistry(base, "the token server's answer is no JSON");
  for (const char* field : {"token", "access_token"}) {
    if (auto token = json::GetString(*body, field); token && !token->empty())
      return *std::move(token);
  }
  return NotARegistry(base, "the token server gave no token");
}

absl::StatusOr<http::HttpResponse> RegistryClient::Send(const Call& call) const {
  const std::string base = BaseOf(call.endpoint.url);
  SLIPWAY_ASSIGN_OR_RETURN(http::HttpResponse response, SendOnce(call, base, ""));
  if (response.status == 401 && ParseBearerChallenge(response.Header("WWW-Authenticate"))) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string token,
                             GetToken(call, base, response.Header("WWW-Authenticate")));
    SLIPWAY_ASSIGN_OR_RETURN(response, SendOnce(call, base, token));
  }
  switch (response.status) {
    case 200:
      return response;
    case 401:
      return Unauthorized(base);
    case 403:
      return Forbidden(base, call.repository);
    case 404:
      if (call.repository.empty()) return NotARegistry(base, "404 for /v2/");
      return ImageNotFound(ImageName(base, call.repository, call.identifier));
    case 429:
      return RateLimited(base);
    case 502:
    case 503:
    case 504:
      return Unreachable(base, "it answered " + std::to_string(response.status));
    default:
      return RegistryFailed(base, response.status, DetailOf(response));
  }
}

absl::Status RegistryClient::Ping(const RegistryEndpoint& endpoint, std::stop_token stop) const {
  return Send({.endpoint = endpoint,
               .repository = "",
               .identifier = "",
               .path = "/v2/",
               .stop = stop})
      .status();
}

absl::StatusOr<std::string> RegistryClient::ResolveDigest(const RegistryEndpoint& endpoint,
                                                          const std::string& repository,
                                                          const std::string& tag_or_digest,
                                                          std::stop_token stop) const {
  SLIPWAY_RETURN_IF_ERROR(CheckNames(repository, tag_or_digest));
  SLIPWAY_ASSIGN_OR_RETURN(const http::HttpResponse response,
                           Send({.endpoint = endpoint,
                                 .repository = repository,
                                 .identifier = tag_or_digest,
                                 .method = "HEAD",
                                 .path = "/v2/" + repository + "/manifests/" + tag_or_digest,
                                 .manifest = true,
                                 .stop = stop}));
  const std::string digest(response.Header("Docker-Content-Digest"));
  if (IsDigest(digest)) return digest;
  // The header is optional in the specification; the bytes are not.
  SLIPWAY_ASSIGN_OR_RETURN(ImageManifest manifest,
                           GetManifest(endpoint, repository, tag_or_digest, stop));
  return std::move(manifest.digest);
}

absl::StatusOr<bool> RegistryClient::TagExists(const RegistryEndpoint& endpoint,
                                               const std::string& repository,
                                               const std::string& tag, std::stop_token stop) const {
  const absl::Status status = ResolveDigest(endpoint, repository, tag, stop).status();
  if (status.ok()) return true;
  if (absl::IsNotFound(status)) return false;
  return status;
}

absl::StatusOr<ImageManifest> RegistryClient::GetManifest(const RegistryEndpoint& endpoint,
                                                          const std::string& repository,
                                                          const std::string& tag_or_digest,
                                                          std::stop_token stop) const {
  SLIPWAY_RETURN_IF_ERROR(CheckNames(repository, tag_or_digest));
  SLIPWAY_ASSIGN_OR_RETURN(http::HttpResponse response,
                           Send({.endpoint = endpoint,
                                 .repository = repository,
                                 .identifier = tag_or_digest,
                                 .path = "/v2/" + repository + "/manifests/" + tag_or_digest,
                                 .manifest = true,
                                 .stop = stop}));
  const std::string base = BaseOf(endpoint.url);
  ImageManifest manifest;
  manifest.digest = "sha256:" + Sha256Hex(response.body);
  if (IsDigest(tag_or_digest) && manifest.digest != tag_or_digest) {
    return DigestMismatch(ImageName(base, repository, tag_or_digest));
  }
  const auto body = json::Parse(response.body);
  if (!body.ok() || !body->is_object()) return NotARegistry(base, "a manifest that is no JSON");
  manifest.media_type =
      json::GetString(*body, "mediaType").value_or(std::string(response.Header("Content-Type")));
  manifest.is_index = json::GetArray(*body, "manifests") != nullptr;
  if (!manifest.is_index) {
    manifest.config_digest = json::GetString(*body, "config.digest").value_or("");
    if (!IsDigest(manifest.config_digest))
      return NotARegistry(base, "a manifest without configuration");
    manifest.size = SizeOf(*body);
  }
  manifest.body = std::move(response.body);
  return manifest;
}

absl::StatusOr<ImageConfig> RegistryClient::GetConfig(const RegistryEndpoint& endpoint,
                                                      const std::string& repository,
                                                      const ImageManifest& manifest,
                                                      std::stop_token stop) const {
  const std::string base = BaseOf(endpoint.url);
  if (manifest.is_index) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto index, json::Parse(manifest.body));
    std::string chosen;
    const boost::json::array* images = json::GetArray(index, "manifests");
    for (size_t i = 0; images != nullptr && i < images->size(); ++i) {
      const auto& image = (*images)[i];
      const bool wanted = json::GetString(image, "platform.os") == "linux" &&
                          json::GetString(image, "platform.architecture") == "amd64";
      if (i == 0 || wanted) chosen = json::GetString(image, "digest").value_or("");
      if (wanted) break;
    }
    SLIPWAY_ASSIGN_OR_RETURN(const ImageManifest image,
                             GetManifest(endpoint, repository, chosen, stop));
    if (image.is_index) return NotARegistry(base, "an index within an index");
    return GetConfig(endpoint, repository, image, stop);
  }
  SLIPWAY_RETURN_IF_ERROR(CheckNames(repository, manifest.config_digest));
  SLIPWAY_ASSIGN_OR_RETURN(const http::HttpResponse response,
                           Send({.endpoint = endpoint,
                                 .repository = repository,
                                 .identifier = manifest.config_digest,
                                 .path = "/v2/" + repository + "/blobs/" + manifest.config_digest,
                                 .stop = stop}));
  if ("sha256:" + Sha256Hex(response.body) != manifest.config_digest) {
    return DigestMismatch(ImageName(base, repository, manifest.config_digest));
  }
  const auto body = json::Parse(response.body);
  if (!body.ok()) return NotARegistry(base, "a configuration that is no JSON");
  ImageConfig config;
  config.os = json::GetString(*body, "os").value_or("");
  config.architecture = json::GetString(*body, "architecture").value_or("");
  absl::Time created;
  std::string problem;
  if (absl::ParseTime(absl::RFC3339_full, json::GetString(*body, "created").value_or(""), &created,
                      &problem)) {
    config.created = created;
  }
  if (const boost::json::object* labels = json::GetObject(*body, "config.Labels")) {
    for (const auto& label : *labels) {
      if (label.value().is_string()) {
        const auto& text = label.value().get_string();
        config.labels[std::string(label.key())] = std::string(text.data(), text.size());
      }
    }
  }
  return config;
}

}  // namespace slipway::oci
