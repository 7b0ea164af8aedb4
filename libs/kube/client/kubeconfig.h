#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace slipway::kube {

// How one cluster is reached and with which credentials. A value. Secret members are token,
// client_key_pem and password: they never stand in logs or errors.
struct ClusterAccess {
  std::string server = {};           // "https://10.0.0.1:6443", a path is allowed, no trailing '/'
  std::string ca_pem = {};           // empty: the machine's certificate authorities
  std::string client_cert_pem = {};  // with client_key_pem: TLS client authentication
  std::string client_key_pem = {};
  std::string token = {};       // bearer
  std::string token_file = {};  // instead of token: read again as it rotates
  std::string username = {};    // Basic, with `password`; old clusters only
  std::string password = {};
  bool insecure = false;               // the server's certificate is not checked
  std::string server_name = {};        // name in the certificate, if it is not the server's host
  std::string proxy_url = {};          // http, https or socks5; without credentials
  std::string default_namespace = {};  // of the context; empty: "default"
};

struct KubeconfigOptions {
  std::string context = {};  // empty: current-context
  // Whether certificates and tokens may be read from files that the text names. Only for a
  // kubeconfig that lies on this machine, never for one that a user uploaded.
  bool allow_files = false;
  std::string base_folder = {};  // relative file names are seen from here
};

// Reads a kubeconfig (YAML or JSON;
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/). Plug-ins that run programs
// (exec, auth-provider) are refused by name with what to do instead. INVALID_ARGUMENT, reason
// KUBECONFIG_INVALID or YAML_INVALID.
absl::StatusOr<ClusterAccess> ParseKubeconfig(std::string_view text,
                                              const KubeconfigOptions& options = {});

// The service account of the pod that this process runs in: environment variables
// KUBERNETES_SERVICE_HOST and _PORT, and the files below `folder`. NOT_FOUND outside a cluster.
absl::StatusOr<ClusterAccess> InClusterAccess(
    const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

// Checks what Client relies on: URL without credentials or query, https wherever a credential is
// sent (http only to a loopback address), certificate and key together. INVALID_ARGUMENT.
absl::Status ValidateAccess(const ClusterAccess& access);

}  // namespace slipway::kube
