#include <cstdio>

#include "libs/base/error.h"
#include "services/trigger/app.h"

int main(int argc, char** argv) {
  slipway::service::Runtime::BlockSignals();
  auto app = slipway::trigger::App::Create(slipway::trigger::Config::Parse(argc, argv));
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-trigger: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  (*app)->Run();
  return 0;
}
