#include "libs/oci/testing/registry.h"

#include <fcntl.h>
#include <unistd.h>

#include "libs/base/check.h"
#include "libs/base/encoding.h"

namespace slipway::oci {
namespace {

// "s3cret" by bcrypt, the one algorithm that the registry takes.
constexpr char kHtpasswd[] =
    "builder:$2b$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n";

TempDir MustTempDir() {
  auto dir = TempDir::Create("registry-");
  SLIPWAY_CHECK(dir.ok());
  return *std::move(dir);
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

Registry::Registry() : dir_(MustTempDir()) {
  SLIPWAY_CHECK(WriteFileAtomic(dir_.path() + "/htpasswd", kHtpasswd).ok());
  SLIPWAY_CHECK(
      WriteFileAtomic(
          dir_.path() + "/config.yml",
          "version: 0.1\nlog: {level: info}\nstorage: {filesystem: {rootdirectory: " + dir_.path() +
              "/data}}\nhttp: {addr: \"127.0.0.1:0\", secret: x}\nauth: {htpasswd: {realm: test, "
              "path: " +
              dir_.path() + "/htpasswd}}\n")
          .ok());
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
  url_ = "http://" + AwaitAddress(log_.get());
}

http::HttpResponse Registry::Send(const std::string& method, const std::string& url,
                                  const std::string& type, const std::string& body) {
  http::HttpRequest request;
  request.method = method;
  request.url = url;
  request.headers = {{"Content-Type", type}};
  request.body = body;
  request.username = "builder";
  request.password = "s3cret";
  auto response = http_.Send(request);
  SLIPWAY_CHECK(response.ok());
  return *std::move(response);
}

std::string Registry::PutBlob(const std::string& repository, const std::string& bytes) {
  const std::string digest = "sha256:" + Sha256Hex(bytes);
  const http::HttpResponse start =
      Send("POST", url_ + "/v2/" + repository + "/blobs/uploads/", "text/plain", "");
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
  const http::HttpResponse put = Send("PUT", url_ + "/v2/" + repository + "/manifests/" + tag,
                                      "application/vnd.oci.image.manifest.v1+json", manifest);
  SLIPWAY_CHECK(put.status == 201);
  return "sha256:" + Sha256Hex(manifest);
}

}  // namespace slipway::oci
