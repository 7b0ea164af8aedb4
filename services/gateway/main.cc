#include <iostream>

#include "libs/base/error.h"
#include "services/gateway/app.h"
#include "services/gateway/config.h"

int main(int argc, char** argv) {
  slipway::gateway::Config config;
  slipway::config::ConfigParser parser("gateway",
                                       "REST, events and webhooks in front of the services.");
  config.Bind(parser);
  parser.ParseOrExit(argc, argv);

  slipway::gateway::BlockSignals();
  const auto app = slipway::gateway::App::Create(config);
  if (!app.ok()) {
    std::cerr << "slipway-gateway: " << slipway::MessageOf(app.status()) << "\n";
    return 1;
  }
  slipway::gateway::WaitForSignal();
  (*app)->Stop(absl::Seconds(5));
  return 0;
}
