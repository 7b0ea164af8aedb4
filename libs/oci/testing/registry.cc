#include "libs/oci/testing/registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "libs/base/check.h"
#include "libs/base/encoding.h"
#include "libs/process/run.h"

namespace slipway::oci {
namespace {

TempDir MustTempDir() {
  auto dir = TempDir::Create("registry-");
  SLIPWAY_CHECK(dir.ok());
  return *std::move(dir);
}

// A line of a password file, by bcrypt: the one algorithm that the registry takes.
std::string Htpasswd(const std::string& username, const std::string& password) {
  process::ProcessSpec spec;
  spec.argv = {"htpasswd", "-niB", "-C", "5", username};
  spec.package = "apache2-utils";
  spec.stdin_data = password + "\n";
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok() && result->ok());
  return result->out;
}

// Reads the registry's log until it says where it listens.
std::string AwaitAddress(int fd) {
  constexpr std::string_view kSign = "listening on ";
  std::string log;
  char buffer[4096];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    SLIPWAY_CHECK(n > 0);
    log.append(buffer, static_cast<size_t>(n));
    const size_t at = log.find(kSign);
    if (at == std::string::npos) continue;
    const size_t end = log.find_first_of("\", ", at + kSign.size());
    if (end != std::string::npos) return log.substr(at + kSign.size(), end - at - kSign.size());
  }
}

}  // namespace

Registry::Registry(std::string username, std::string password)
    : dir_(MustTempDir()), username_(std::move(username)), password_(std::move(password)) {
  std::string config =
      "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + dir_.path() +
      "/data}}\nhttp: {addr: \"127.0.0.1:0\", secret: x}\n";
  if (!username_.empty()) {
    const std::string passwords = dir_.path() + "/htpasswd";
    SLIPWAY_CHECK(WriteFileAtomic(passwords, Htpasswd(username_, password_)).ok());
    config += "auth: {htpasswd: {realm: test, path: " + passwords + "}}\n";
  }
  SLIPWAY_CHECK(WriteFileAtomic(dir_.path() + "/config.yml", config).ok());
  int fds[2];
  SLIPWAY_CHECK(::pipe2(fds, O_CLOEXEC) == 0);
  log_ = UniqueFd(fds[0]);
  UniqueFd child_end(fds[1]);
  process::ProcessSpec spec;
  spec.argv = {"docker-registry", "serve", dir_.path() + "/config.yml"};
  spec.package = "docker-registry";
  spec.out = process::OutputSink::Fd(child_end.get());
  spec.err = process::OutputSink::SameAsStdout();
  auto process = process::Process::Start(spec);
  SLIPWAY_CHECK(process.ok());
  process_.emplace(*std::move(process));
  child_end.Reset();
  address_ = AwaitAddress(log_.get());
}

http::HttpResponse Registry::Send(const std::string& method, const std::string& url,
                                  const std::string& type, const std::string& body) {
  http::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = {{"Content-Type", type}};
  request.body = body;
  request.username = username_;
  request.password = password_;
  auto response = http_.Send(request);
  SLIPWAY_CHECK(response.ok());
  return *std::move(response);
}

std::string Registry::PutBlob(const std::string& repository, const std::string& bytes) {
  const std::string digest = "sha256:" + Sha256Hex(bytes);
  const http::HttpResponse start =
      Send("POST", endpoint().url + "/v2/" + repository + "/blobs/uploads/", "text/plain", "");
  SLIPWAY_CHECK(start.status == 202);
  const std::string location(start.Header("Location"));
  SLIPWAY_CHECK(
      Send("PUT", location + "&digest=" + digest, "application/octet-stream", bytes).status == 201);
  return digest;
}

std::string Registry::Push(const std::string& repository, const std::string& tag,
                           const std::string& label_value) {
  const std::string layer = "not really a layer";
  const std::string config =
      R"({"architecture":"amd64","os":"linux","created":"2026-01-02T03:04:05Z","config":{"Labels":{"commit":")" +
      label_value + R"("}},"rootfs":{"type":"layers","diff_ids":[]}})";
  const std::string manifest =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
      PutBlob(repository, config) + R"(","size":)" + std::to_string(config.size()) +
      R"(},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" +
      PutBlob(repository, layer) + R"(","size":)" + std::to_string(layer.size()) + "}]}";
  const http::HttpResponse put =
      Send("PUT", endpoint().url + "/v2/" + repository + "/manifests/" + tag,
           "application/vnd.oci.image.manifest.v1+json", manifest);
  SLIPWAY_CHECK(put.status == 201);
  return "sha256:" + Sha256Hex(manifest);
}

}  // namespace slipway::oci
