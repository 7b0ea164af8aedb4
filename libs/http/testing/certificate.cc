#include "libs/http/testing/certificate.h"

#include "libs/base/check.h"
#include "libs/base/file.h"
#include "libs/process/run.h"

namespace slipway::http {

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
  auto pem = ReadFile(file + ".pem");
  SLIPWAY_CHECK(pem.ok());
  return *std::move(pem);
}

}  // namespace slipway::http
