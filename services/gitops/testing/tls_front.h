#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "libs/process/process.h"

namespace slipway::gitops {

// Real TLS (Python's ssl) before plain HTTP servers, for tests: the same hosts under https, with a
// certificate that signed itself. Aborts the test program when the machine can't do it. Owned by
// the test; not thread-safe.
class TlsFront {
 public:
  // `upstreams`: "127.0.0.1:PORT". `ask_client`: who comes without client_certificate() is refused.
  TlsFront(const std::vector<std::string>& upstreams, bool ask_client);

  // A URL of one of the servers, by way of this one: "https://127.0.0.1:OTHER/...".
  std::string UrlOf(const std::string& url) const;
  // Those who are reached here, as http::OutgoingGuard allows them.
  std::vector<std::string> Pairs() const;

  // PEM: of the server, of somebody else, and what the client proves itself with.
  const std::string& ca() const { return ca_; }
  const std::string& other_ca() const { return other_ca_; }
  const std::string& client_certificate() const { return client_certificate_; }
  const std::string& client_key() const { return client_key_; }

 private:
  TempDir folder_;
  std::string ca_, other_ca_, client_certificate_, client_key_;
  std::map<std::string, std::string> fronts_;  // by upstream
  std::unique_ptr<process::Process> server_;
};

}  // namespace slipway::gitops
