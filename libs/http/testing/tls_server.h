#pragma once

#include <functional>
#include <memory>
#include <string>

#include "libs/base/file.h"
#include "libs/process/process.h"

namespace slipway::http {

// An https server for tests (openssl s_server) on a free port of 127.0.0.1. It answers every
// request with 200 and a page, and proves itself by a certificate that signed itself. Aborts the
// test program when the machine can't do it. Owned by the test; not thread-safe.
class TlsServer {
 public:
  TlsServer();

  // "https://127.0.0.1:PORT"
  const std::string& url() const { return url_; }
  // The server's certificate, and that of somebody else for the same address.
  const std::string& ca() const { return ca_; }
  const std::string& other_ca() const { return other_ca_; }

  // Runs `body` on a thread for which, and for whose children, the server's authority is the only
  // one that the system trusts. Needs root.
  void WhileSystemTrusts(const std::function<void()>& body) const;

 private:
  TempDir dir_;
  std::string url_, ca_, other_ca_;
  std::unique_ptr<process::Process> server_;
};

}  // namespace slipway::http
