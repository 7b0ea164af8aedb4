#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "libs/config/config.h"

namespace slipway::gateway {

// Settings of the gateway. A value.
struct Config {
  std::string http_listen;
  std::string admin_listen;
  std::string auth_address;
  std::string pipeline_address;
  std::string build_address;
  std::string gitops_address;
  std::string trigger_address;
  std::string service_token_file;
  std::string log_level = "info";
  int max_connections = 1024;
  absl::Duration webhook_timeout = absl::Seconds(9);  // forges wait 10 s

  void Bind(config::ConfigParser& parser);
  // The services' addresses by their names.
  std::map<std::string, std::string> Addresses() const;
};

}  // namespace slipway::gateway
