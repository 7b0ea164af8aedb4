#include "services/gateway/config.h"

namespace slipway::gateway {

void Config::Bind(config::ConfigParser& parser) {
  parser.String(&http_listen, {.flag = "http-listen",
                               .help = "address for users and forges: host:port or unix:/path",
                               .required = true});
  parser.String(&admin_listen,
                {.flag = "admin-listen",
                 .help = "address of /metrics, /healthz, /readyz and /version: unix:/path or "
                         "host:port; empty: none"});
  const auto address = [&parser](std::string* target, const char* flag, const char* service) {
    parser.String(target, {.flag = flag,
                           .help = std::string("address of the ") + service +
                                   " service: unix:/path or host:port",
                           .required = true});
  };
  address(&auth_address, "auth-address", "auth");
  address(&pipeline_address, "pipeline-address", "pipeline");
  address(&build_address, "build-address", "build");
  address(&gitops_address, "gitops-address", "gitops");
  address(&trigger_address, "trigger-address", "trigger");
  parser.String(&service_token_file, {.flag = "service-token-file",
                                      .help = "file with the gateway's own token for auth",
                                      .required = true});
  parser.Int(&max_connections,
             {.flag = "max-connections", .help = "open client connections at most"});
  parser.Duration(&webhook_timeout,
                  {.flag = "webhook-timeout",
                   .help = "after which a forge hears 503 when its delivery could not be stored"});
  parser.String(&log_level, {.flag = "log-level", .help = "debug, info, warn or error"});
}

std::map<std::string, std::string> Config::Addresses() const {
  return {{"auth", auth_address},
          {"pipeline", pipeline_address},
          {"build", build_address},
          {"gitops", gitops_address},
          {"trigger", trigger_address}};
}

}  // namespace slipway::gateway
