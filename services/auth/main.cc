#include <cstdio>

#include "libs/base/error.h"
#include "services/auth/app.h"

int main(int argc, char** argv) {
  slipway::service::Runtime::BlockSignals();
  auto app = slipway::auth::App::Create(slipway::auth::Config::Parse(argc, argv));
  if (!app.ok()) {
    std::fprintf(stderr, "slipway-auth: %s\n", slipway::MessageOf(app.status()).c_str());
    return 1;
  }
  (*app)->Run();
  return 0;
}
