#include <cstdio>

#include "libs/base/error.h"
#include "services/pipeline/app.h"

int main(int argc, char** argv) {
  slipway::service::Runtime::BlockSignals();
  auto app = slipway::pipeline::App::Create(slipway::pipeline::Config::Parse(argc, argv));
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-pipeline: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  (*app)->Run();
  return 0;
}
