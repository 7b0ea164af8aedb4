#include <cstdio>

#include "libs/base/error.h"
#include "services/runner/app.h"
#include "services/runner/config.h"

int main(int argc, char** argv) {
  const slipway::runner::Config config = slipway::runner::ParseConfig(argc, argv);
  slipway::runner::App::BlockSignals();
  auto app = slipway::runner::App::Create(config);
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-runner: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  (*app)->Run();
  return 0;
}
