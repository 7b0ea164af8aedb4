#include "libs/http/testing/tls_server.h"

#include <sched.h>
#include <sys/mount.h>

#include <thread>

#include "libs/base/check.h"
#include "libs/http/testing/certificate.h"
#include "libs/process/run.h"
#include "libs/process/testing/announced.h"

namespace slipway::http {
namespace {

constexpr char kSystemFolder[] = "/etc/ssl/certs";
constexpr char kSystemFile[] = "/ca-certificates.crt";

TempDir MustTempDir() {
  auto dir = TempDir::Create("tls-server-");
  SLIPWAY_CHECK(dir.ok());
  return *std::move(dir);
}

void MustRun(std::vector<std::string> argv) {
  process::ProcessSpec spec;
  spec.argv = std::move(argv);
  const auto result = process::Run(spec);
  SLIPWAY_CHECK(result.ok() && result->ok());
}

}  // namespace

TlsServer::TlsServer() : dir_(MustTempDir()) {
  ca_ = MakeCertificate(dir_.path(), "server");
  other_ca_ = MakeCertificate(dir_.path(), "other");
  process::ProcessSpec spec;
  spec.argv = {"openssl",
               "s_server",
               "-accept",
               "127.0.0.1:0",
               "-www",
               "-cert",
               dir_.path() + "/server.pem",
               "-key",
               dir_.path() + "/server.key"};
  spec.err = process::OutputSink::Discard();
  auto started = process::StartAnnounced(std::move(spec), "ACCEPT ");
  SLIPWAY_CHECK(started.ok());
  server_ = std::make_unique<process::Process>(std::move(started->process));
  url_ = "https://" + started->said;
}

void TlsServer::WhileSystemTrusts(const std::function<void()>& body) const {
  const std::string trusted = dir_.path() + "/trusted";
  SLIPWAY_CHECK(MakeDirectories(trusted).ok());
  SLIPWAY_CHECK(WriteFileAtomic(trusted + kSystemFile, ca_, 0644).ok());
  MustRun({"openssl", "rehash", trusted});
  std::thread([&] {
    SLIPWAY_CHECK(::unshare(CLONE_NEWNS) == 0);
    SLIPWAY_CHECK(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    SLIPWAY_CHECK(::mount(trusted.c_str(), kSystemFolder, nullptr, MS_BIND, nullptr) == 0);
    body();
  }).join();
}

}  // namespace slipway::http
