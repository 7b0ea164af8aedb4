#pragma once

#include <string>

namespace slipway::http {

// Makes a certificate for 127.0.0.1 that signed itself, by openssl: NAME.pem and NAME.key in
// `folder`. The certificate. Aborts the test program when the machine can't do it.
std::string MakeCertificate(const std::string& folder, const std::string& name);

}  // namespace slipway::http
