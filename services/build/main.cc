#include <cstdio>

#include "libs/base/error.h"
#include "services/build/app.h"

int main(int argc, char** argv) {
  slipway::service::Runtime::BlockSignals();
  auto app = slipway::build::App::Create(slipway::build::Config::Parse(argc, argv));
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-build: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  if (const absl::Status ended = (*app)->Run(); !ended.ok()) {
    std::fprintf(stderr, "slipway-build: %s\n", slipway::MessageOf(ended).c_str());
    return 1;
  }
  return 0;
}
