#include "libs/kube/client/kubeconfig.h"

#include <boost/json.hpp>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/http/url.h"
#include "libs/kube/client/errors.h"
#include "libs/kube/object.h"
#include "libs/yaml/parser.h"

namespace slipway::kube {
namespace {

using boost::json::array;
using boost::json::object;

constexpr size_t kMaxFile = 1 << 20;

// An entry of one of the lists, with its place for messages.
struct Named {
  std::string path;  // "users[0].user"
  const object* value = nullptr;
};

absl::StatusOr<Named> FindNamed(const object& config, std::string_view list, std::string_view key,
                                std::string_view name, std::string_view wanted_by) {
  const array* entries = GetArray(config, list);
  std::vector<std::string> names;
  for (size_t i = 0; entries != nullptr && i < entries->size(); ++i) {
    const boost::json::value& entry = (*entries)[i];
    if (!entry.is_object()) continue;
    const std::string_view entry_name = GetString(entry.get_object(), "name");
    names.emplace_back(entry_name);
    if (entry_name != name) continue;
    const object* value = GetObject(entry.get_object(), key);
    Named found{.path = std::string(list) + "[" + std::to_string(i) + "]." + std::string(key),
                .value = value};
    if (value == nullptr) return KubeconfigInvalid(found.path, "is missing");
    return found;
  }
  std::string problem = "no entry is named \"" + std::string(name) + "\"";
  if (const std::string hint = DidYouMean(name, names); !hint.empty()) {
    problem += "; did you mean \"" + hint + "\"?";
  }
  return KubeconfigInvalid(list, problem + " (wanted by " + std::string(wanted_by) + ")");
}

// A PEM out of `<name>-data` (base64) or, where allowed, the file that `<name>` names.
absl::StatusOr<std::string> ReadPem(const Named& entry, const std::string& name,
                                    const KubeconfigOptions& options) {
  const std::string_view data = GetString(*entry.value, name + "-data");
  const std::string_view file = GetString(*entry.value, name);
  const std::string field = entry.path + "." + name;
  if (!data.empty()) {
    std::string compact;
    for (const char c : data) {
      if (c != '\n' && c != '\r' && c != ' ') compact += c;
    }
    std::optional<std::string> pem = Base64Decode(compact);
    if (!pem) return KubeconfigInvalid(field + "-data", "is not base64");
    if (pem->find("-----BEGIN ") == std::string::npos) {
      return KubeconfigInvalid(field + "-data", "holds no PEM");
    }
    return *std::move(pem);
  }
  if (file.empty()) return std::string();
  if (!options.allow_files) {
    return KubeconfigInvalid(field,
                             "names a file, which is not here; put the content into " + name +
                                 "-data (kubectl config view --raw --flatten --minify does it)");
  }
  std::string path(file);
  if (path[0] != '/' && !options.base_folder.empty()) path = options.base_folder + "/" + path;
  absl::StatusOr<std::string> pem = ReadFile(path, kMaxFile);
  if (!pem.ok()) return KubeconfigInvalid(field, MessageOf(pem.status()));
  return pem;
}

absl::Status RefusePlugins(const Named& user) {
  if (const object* exec = GetObject(*user.value, "exec")) {
    return KubeconfigInvalid(
        user.path + ".exec",
        "runs the program \"" + Truncate(GetString(*exec, "command"), 100) +
            "\" for a credential, which Slipway never does; create a service account with the "
            "rights it needs and use its token");
  }
  if (const object* provider = GetObject(*user.value, "auth-provider")) {
    return KubeconfigInvalid(
        user.path + ".auth-provider",
        "the provider \"" + Truncate(GetString(*provider, "name"), 100) +
            "\" is a plug-in, which Slipway does not have; create a service account with the "
            "rights it needs and use its token");
  }
  for (const std::string_view key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    if (Get(*user.value, key) != nullptr) {
      return KubeconfigInvalid(
          user.path + "." + std::string(key),
          "is not taken from a kubeconfig; impersonation is set per project, by "
          "spec.limits.impersonate");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadCluster(const Named& cluster, const KubeconfigOptions& options,
                         ClusterAccess& access) {
  access.server = GetString(*cluster.value, "server");
  while (!access.server.empty() && access.server.back() == '/') access.server.pop_back();
  if (access.server.empty()) return KubeconfigInvalid(cluster.path + ".server", "is missing");
  SLIPWAY_ASSIGN_OR_RETURN(access.ca_pem, ReadPem(cluster, "certificate-authority", options));
  access.insecure = GetBool(*cluster.value, "insecure-skip-tls-verify").value_or(false);
  access.server_name = GetString(*cluster.value, "tls-server-name");
  access.proxy_url = GetString(*cluster.value, "proxy-url");
  if (access.insecure && !access.ca_pem.empty()) {
    return KubeconfigInvalid(cluster.path + ".insecure-skip-tls-verify",
                             "contradicts certificate-authority; use one of them");
  }
  return absl::OkStatus();
}

absl::Status ReadUser(const Named& user, const KubeconfigOptions& options, ClusterAccess& access) {
  SLIPWAY_RETURN_IF_ERROR(RefusePlugins(user));
  SLIPWAY_ASSIGN_OR_RETURN(access.client_cert_pem, ReadPem(user, "client-certificate", options));
  SLIPWAY_ASSIGN_OR_RETURN(access.client_key_pem, ReadPem(user, "client-key", options));
  access.token = Trim(GetString(*user.value, "token"));
  access.token_file = GetString(*user.value, "tokenFile");
  access.username = GetString(*user.value, "username");
  access.password = GetString(*user.value, "password");
  if (!access.token_file.empty()) {
    if (!options.allow_files) {
      return KubeconfigInvalid(user.path + ".tokenFile",
                               "names a file, which is not here; put the token into token");
    }
    if (access.token_file[0] != '/' && !options.base_folder.empty()) {
      access.token_file = options.base_folder + "/" + access.token_file;
    }
    access.token.clear();
  }
  return absl::OkStatus();
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

absl::StatusOr<ClusterAccess> ParseKubeconfig(std::string_view text,
                                              const KubeconfigOptions& options) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<yaml::Document> documents, yaml::Parse(text));
  if (documents.size() != 1) {
    return KubeconfigInvalid("kubeconfig", documents.empty() ? "is empty" : "is several documents");
  }
  const boost::json::value root = documents[0].ToJson();
  if (!root.is_object()) return KubeconfigInvalid("kubeconfig", "is not a mapping");
  const object& config = root.get_object();
  if (const std::string_view kind = GetString(config, "kind"); !kind.empty() && kind != "Config") {
    return KubeconfigInvalid("kind", "is \"" + Truncate(kind, 60) + "\", not Config");
  }
  const std::string name =
      options.context.empty() ? std::string(GetString(config, "current-context")) : options.context;
  if (name.empty()) return KubeconfigInvalid("current-context", "is not set; name a context");
  SLIPWAY_ASSIGN_OR_RETURN(
      const Named context,
      FindNamed(config, "contexts", "context", name,
                options.context.empty() ? "current-context" : "the context's name"));
  ClusterAccess access;
  access.default_namespace = GetString(*context.value, "namespace");
  SLIPWAY_ASSIGN_OR_RETURN(
      const Named cluster,
      FindNamed(config, "clusters", "cluster", GetString(*context.value, "cluster"), context.path));
  SLIPWAY_RETURN_IF_ERROR(ReadCluster(cluster, options, access));
  if (const std::string_view user_name = GetString(*context.value, "user"); !user_name.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const Named user,
                             FindNamed(config, "users", "user", user_name, context.path));
    SLIPWAY_RETURN_IF_ERROR(ReadUser(user, options, access));
  }
  SLIPWAY_RETURN_IF_ERROR(ValidateAccess(access));
  return access;
}

absl::StatusOr<ClusterAccess> InClusterAccess(const std::string& folder) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0') {
    return absl::NotFoundError(
        "this process does not run in a Kubernetes pod: KUBERNETES_SERVICE_HOST is not set");
  }
  const std::string name(host);
  ClusterAccess access;
  access.server = "https://" + (name.find(':') != std::string::npos ? "[" + name + "]" : name) +
                  ":" + std::string(port);
  access.token_file = folder + "/token";
  SLIPWAY_RETURN_IF_ERROR(ReadFile(access.token_file, kMaxFile).status());
  SLIPWAY_ASSIGN_OR_RETURN(access.ca_pem, ReadFile(folder + "/ca.crt", kMaxFile));
  if (absl::StatusOr<std::string> ns = ReadFile(folder + "/namespace", kMaxFile); ns.ok()) {
    access.default_namespace = Trim(*ns);
  }
  SLIPWAY_RETURN_IF_ERROR(ValidateAccess(access));
  return access;
}

absl::Status ValidateAccess(const ClusterAccess& access) {
  const absl::StatusOr<http::Url> url = http::ParseUrl(access.server);
  if (!url.ok()) return KubeconfigInvalid("server", MessageOf(url.status()));
  if (access.server.find_first_of("?#") != std::string::npos) {
    return KubeconfigInvalid("server", "has a query or fragment");
  }
  if (access.client_cert_pem.empty() != access.client_key_pem.empty()) {
    return KubeconfigInvalid(access.client_key_pem.empty() ? "client-key" : "client-certificate",
                             "is missing: certificate and key belong together");
  }
  const bool secret = !access.token.empty() || !access.token_file.empty() ||
                      !access.password.empty() || !access.client_key_pem.empty();
  if (url->scheme == "http" && secret && !IsLoopback(url->host)) {
    return KubeconfigInvalid("server", "is http: the credential would be sent in clear; use https");
  }
  if (HasLineBreak(access.token) || HasLineBreak(access.server_name)) {
    return KubeconfigInvalid("token", "holds a line break");
  }
  if (!access.proxy_url.empty() &&
      (access.proxy_url.find('@') != std::string::npos || HasLineBreak(access.proxy_url))) {
    return KubeconfigInvalid("proxy-url", "holds credentials, which are not supported");
  }
  return absl::OkStatus();
}

}  // namespace slipway::kube
