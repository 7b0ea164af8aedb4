#include "services/gitops/testing/tls_front.h"

#include <cstdlib>

#include "libs/base/check.h"
#include "libs/base/strings.h"
#include "libs/http/testing/certificate.h"
#include "libs/process/testing/announced.h"

namespace slipway::gitops {
namespace {

constexpr char kScript[] = "/services/gitops/testing/tls_front.py";

}  // namespace

TlsFront::TlsFront(const std::vector<std::string>& upstreams, bool ask_client)
    : folder_(*TempDir::Create("tls-front-")) {
  ca_ = http::MakeCertificate(folder_.path(), "server");
  other_ca_ = http::MakeCertificate(folder_.path(), "other");
  client_certificate_ = http::MakeCertificate(folder_.path(), "client");
  client_key_ = *ReadFile(folder_.path() + "/client.key");
  const char* source = std::getenv("SLIPWAY_SOURCE_DIR");
  SLIPWAY_CHECK(source != nullptr);
  process::ProcessSpec spec;
  spec.argv = {"python3",
               "-B",
               source + std::string(kScript),
               folder_.path() + "/server.pem",
               folder_.path() + "/server.key",
               ask_client ? folder_.path() + "/client.pem" : ""};
  spec.argv.insert(spec.argv.end(), upstreams.begin(), upstreams.end());
  spec.err = process::OutputSink::Discard();
  auto started = process::StartAnnounced(std::move(spec));
  SLIPWAY_CHECK(started.ok());
  server_ = std::make_unique<process::Process>(std::move(started->process));
  const std::vector<std::string> ports = Split(started->said, ' ');
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
