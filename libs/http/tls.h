#pragma once

#include <string>

namespace slipway::http {

// How the certificate of one host is checked, and who we are to it. A value with a secret; never
// logged.
struct TlsOptions {
  std::string ca = {};           // PEM of the authorities to trust instead of the system's
  std::string certificate = {};  // PEM of the client's certificate
  std::string key = {};          // PEM of its key
  bool skip_verify = false;      // any certificate will do

  bool empty() const { return ca.empty() && certificate.empty() && key.empty() && !skip_verify; }
  bool operator==(const TlsOptions&) const = default;
};

}  // namespace slipway::http
