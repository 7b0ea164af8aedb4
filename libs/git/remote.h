#pragma once

#include <string>

#include "libs/http/tls.h"

namespace slipway::git {

// A repository on a git server and how to get in. A value. The password never leaves by URL,
// argument or error text.
struct GitRemote {
  std::string url;
  std::string username;  // empty: anonymous
  std::string password;  // or token
  http::TlsOptions tls = {};
};

}  // namespace slipway::git
