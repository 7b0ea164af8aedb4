#include "services/gitops/testing/tls_front.h"

#include <unistd.h>

#include <cstdlib>

#include "libs/base/check.h"
#include "libs/base/strings.h"
#include "libs/process/pipe.h"
#include "libs/process/run.h"

namespace slipway::gitops {
namespace {

constexpr char kScript[] = "/services/gitops/testing/tls_front.py";

// NAME.pem and NAME.key in `folder`; the certificate.
std::string MakeCertificate(const std::string& folder, const std::string& name) {
  const std::string file = folder + "/" + name;
  process::ProcessSpec spec;
  spec.argv = {"openssl",
               "req",
               "-x509",
               "-newkey",
               "ec",
               "-pkeyopt",
               "ec_paramgen_curve:prime256v1",
               "-nodes",
               "-days",
               "2",
               "-subj",
               "/CN=" + name,
               "-addext",
               "subjectAltName=IP:127.0.0.1",
               "-keyout",
               file + ".key",
               "-out",
               file + ".pem"};
  const auto made = process::Run(spec);
  SLIPWAY_CHECK(made.ok() && made->ok());
  return *ReadFile(file + ".pem");
}

std::string ReadLine(int fd) {
  std::string line;
  while (!line.ends_with('\n')) {
    char c = 0;
    SLIPWAY_CHECK(::read(fd, &c, 1) == 1);
    line += c;
  }
  line.pop_back();
  return line;
}

}  // namespace

TlsFront::TlsFront(const std::vector<std::string>& upstreams, bool ask_client)
    : folder_(*TempDir::Create("tls-front-")) {
  ca_ = MakeCertificate(folder_.path(), "server");
  other_ca_ = MakeCertificate(folder_.path(), "other");
  client_certificate_ = MakeCertificate(folder_.path(), "client");
  client_key_ = *ReadFile(folder_.path() + "/client.key");
  const char* source = std::getenv("SLIPWAY_SOURCE_DIR");
  SLIPWAY_CHECK(source != nullptr);
  auto pipe = process::MakePipe();
  SLIPWAY_CHECK(pipe.ok());
  process::ProcessSpec spec;
  spec.argv = {"python3",
               "-B",
               source + std::string(kScript),
               folder_.path() + "/server.pem",
               folder_.path() + "/server.key",
               ask_client ? folder_.path() + "/client.pem" : ""};
  spec.argv.insert(spec.argv.end(), upstreams.begin(), upstreams.end());
  spec.out = process::OutputSink::Fd(pipe->write.get());
  spec.err = process::OutputSink::Discard();
  auto server = process::Process::Start(spec);
  SLIPWAY_CHECK(server.ok());
  server_ = std::make_unique<process::Process>(*std::move(server));
  pipe->write.Reset();
  const std::vector<std::string> ports = Split(ReadLine(pipe->read.get()), ' ');
  SLIPWAY_CHECK(ports.size() == upstreams.size());
  for (size_t i = 0; i < ports.size(); ++i) fronts_[upstreams[i]] = "127.0.0.1:" + ports[i];
}

std::string TlsFront::UrlOf(const std::string& url) const {
  constexpr std::string_view kPlain = "http://";
  for (const auto& [upstream, front] : fronts_) {
    const std::string plain = std::string(kPlain) + upstream;
    if (url.starts_with(plain)) return "https://" + front + url.substr(plain.size());
  }
  SLIPWAY_CHECK(false);
  return "";
}

std::vector<std::string> TlsFront::Pairs() const {
  std::vector<std::string> pairs;
  for (const auto& [upstream, front] : fronts_) pairs.push_back(front);
  return pairs;
}

}  // namespace slipway::gitops
