#include <cstdio>

#include "libs/base/error.h"
#include "services/gitops/app.h"

int main(int argc, char** argv) {
  slipway::service::Runtime::BlockSignals();
  auto app = slipway::gitops::App::Create(slipway::gitops::Config::Parse(argc, argv));
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-gitops: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  const absl::Status run = (*app)->Run();
  if (run.ok()) return 0;
  std::fprintf(stderr, "slipway-gitops: %s\n", slipway::MessageOf(run).c_str());
  return 1;
}
