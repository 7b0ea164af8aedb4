#include "libs/http/testing/tls_server.h"

#include <sched.h>
#include <sys/mount.h>

#include <thread>

#include "libs/base/check.h"
#include "libs/base/strings.h"
#include "libs/process/pipe.h"
#include "libs/process/run.h"

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

// Returns the certificate; NAME.pem and NAME.key stay in `dir`.
std::string MakeCertificate(const std::string& dir, const std::string& name) {
  const std::string file = dir + "/" + name;
  MustRun({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1",
           "-keyout", file + ".key", "-out", file + ".pem"});
  auto pem = ReadFile(file + ".pem");
  SLIPWAY_CHECK(pem.ok());
  return *std::move(pem);
}

// What the server prints once it listens: "ACCEPT 127.0.0.1:PORT".
std::string AwaitAddress(int fd) {
  constexpr std::string_view kReady = "ACCEPT ";
  std::string text;
  while (true) {
    const size_t at = text.find(kReady);
    const size_t end = at == std::string::npos ? at : text.find('\n', at);
    if (end != std::string::npos) {
      return text.substr(at + kReady.size(), end - at - kReady.size());
    }
    char chunk[512];
    const ssize_t n = ::read(fd, chunk, sizeof chunk);
    SLIPWAY_CHECK(n > 0);
    text.append(chunk, static_cast<size_t>(n));
  }
}

}  // namespace

TlsServer::TlsServer() : dir_(MustTempDir()) {
  ca_ = MakeCertificate(dir_.path(), "server");
  other_ca_ = MakeCertificate(dir_.path(), "other");
  auto pipe = process::MakePipe();
  SLIPWAY_CHECK(pipe.ok());
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
  spec.out = process::OutputSink::Fd(pipe->write.get());
  spec.err = process::OutputSink::Discard();
  auto server = process::Process::Start(spec);
  SLIPWAY_CHECK(server.ok());
  server_ = std::make_unique<process::Process>(*std::move(server));
  pipe->write.Reset();
  url_ = "https://" + AwaitAddress(pipe->read.get());
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
