#include "libs/kube/client/kubeconfig.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"

namespace slipway::kube {
namespace {

using Catch::Matchers::Contains;

const std::string kCa = "-----BEGIN CERTIFICATE-----\nY2E=\n-----END CERTIFICATE-----\n";
const std::string kKey = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

std::string Config(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: main\n"
         "contexts:\n- name: main\n  context: {cluster: prod, user: admin, namespace: shop}\n"
         "clusters:\n- name: prod\n  cluster: " +
         cluster + "\nusers:\n- name: admin\n  user: " + user + "\n";
}

std::string Problem(const std::string& cluster, const std::string& user,
                    const KubeconfigOptions& options = {}) {
  const auto access = ParseKubeconfig(Config(cluster, user), options);
  REQUIRE(!access.ok());
  CHECK(DetailsOf(access.status()).reason == "KUBECONFIG_INVALID");
  return MessageOf(access.status());
}

constexpr char kServer[] = "{server: \"https://10.0.0.1:6443\"}";

}  // namespace

TEST_CASE("a kubeconfig gives server, authorities and credentials of its current context") {
  const auto access =
      ParseKubeconfig(Config("{server: \"https://10.0.0.1:6443/\", tls-server-name: kube.internal, "
                             "certificate-authority-data: " +
                                 Base64Encode(kCa) + ", proxy-url: \"http://proxy:3128\"}",
                             "{token: abc, client-certificate-data: " + Base64Encode(kCa) +
                                 ", client-key-data: " + Base64Encode(kKey) + "}"));
  REQUIRE(access.ok());
  CHECK(access->server == "https://10.0.0.1:6443");
  CHECK(access->ca_pem == kCa);
  CHECK(access->client_cert_pem == kCa);
  CHECK(access->client_key_pem == kKey);
  CHECK(access->token == "abc");
  CHECK(access->server_name == "kube.internal");
  CHECK(access->proxy_url == "http://proxy:3128");
  CHECK(access->default_namespace == "shop");
  CHECK(!access->insecure);
}

TEST_CASE("another context can be named, and a wrong name gets a suggestion") {
  const std::string text = Config(kServer, "{token: abc}") + "extensions: []\n";
  KubeconfigOptions options;
  options.context = "main";
  CHECK(ParseKubeconfig(text, options).ok());
  options.context = "mai";
  const auto access = ParseKubeconfig(text, options);
  CHECK_THAT(MessageOf(access.status()), Contains("did you mean \"main\"?"));
}

TEST_CASE("plug-ins that run programs are refused by name, with what to do instead") {
  const std::string exec = Problem(kServer, "{exec: {command: aws-iam-authenticator}}");
  CHECK_THAT(exec, Contains("users[0].user.exec") && Contains("aws-iam-authenticator") &&
                       Contains("service account"));
  const std::string provider = Problem(kServer, "{auth-provider: {name: gcp}}");
  CHECK_THAT(provider, Contains("\"gcp\"") && Contains("service account"));
}

TEST_CASE("files are read only where that is allowed") {
  auto folder = TempDir::Create("kubeconfig");
  REQUIRE(folder.ok());
  REQUIRE(WriteFileAtomic(folder->path() + "/ca.crt", kCa).ok());
  const std::string cluster = "{server: \"https://10.0.0.1\", certificate-authority: ca.crt}";
  CHECK_THAT(Problem(cluster, "{token: abc}"), Contains("certificate-authority-data"));
  CHECK_THAT(Problem(kServer, "{tokenFile: /etc/passwd}"), Contains("tokenFile"));
  const KubeconfigOptions options{.allow_files = true, .base_folder = folder->path()};
  const auto access = ParseKubeconfig(Config(cluster, "{tokenFile: token}"), options);
  REQUIRE(access.ok());
  CHECK(access->ca_pem == kCa);
  CHECK(access->token_file == folder->path() + "/token");
}

TEST_CASE("a kubeconfig that can't be right says where") {
  CHECK_THAT(Problem("{}", "{}"), Contains("clusters[0].cluster.server: is missing"));
  CHECK_THAT(Problem("{server: \"https://h\", certificate-authority-data: \"%%\"}", "{}"),
             Contains("is not base64"));
  CHECK_THAT(Problem("{server: \"https://h\", certificate-authority-data: aGVsbG8=}", "{}"),
             Contains("holds no PEM"));
  CHECK_THAT(Problem(kServer, "{client-key-data: " + Base64Encode(kKey) + "}"),
             Contains("client-certificate"));
  CHECK_THAT(Problem("{server: \"http://h\"}", "{token: abc}"), Contains("use https"));
  CHECK_THAT(Problem("{server: \"https://u:p@h\"}", "{}"), Contains("server"));
  CHECK_THAT(Problem("{server: \"https://h\", insecure-skip-tls-verify: true, "
                     "certificate-authority-data: " +
                         Base64Encode(kCa) + "}",
                     "{}"),
             Contains("contradicts"));
  CHECK_THAT(Problem(kServer, "{as: somebody}"), Contains("impersonation"));
  CHECK_THAT(MessageOf(ParseKubeconfig("kind: Config\n").status()), Contains("current-context"));
  CHECK(!ParseKubeconfig("").ok());
  CHECK(!ParseKubeconfig("[]").ok());
  CHECK(!ParseKubeconfig("\x01{").ok());
}

TEST_CASE("no error of a kubeconfig holds its secrets") {
  const std::string key = Base64Encode("not a pem but secret");
  const std::string text = Problem(kServer, "{token: hushhush, client-key-data: " + key + "}");
  CHECK(text.find("hushhush") == std::string::npos);
  CHECK(text.find(key) == std::string::npos);
}

TEST_CASE("in a pod the access is the service account's") {
  auto folder = TempDir::Create("service-account");
  REQUIRE(folder.ok());
  REQUIRE(WriteFileAtomic(folder->path() + "/token", "abc").ok());
  REQUIRE(WriteFileAtomic(folder->path() + "/ca.crt", kCa).ok());
  REQUIRE(WriteFileAtomic(folder->path() + "/namespace", "slipway\n").ok());
  unsetenv("KUBERNETES_SERVICE_HOST");
  CHECK(InClusterAccess(folder->path()).status().code() == absl::StatusCode::kNotFound);
  setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  const auto access = InClusterAccess(folder->path());
  unsetenv("KUBERNETES_SERVICE_HOST");
  unsetenv("KUBERNETES_SERVICE_PORT");
  REQUIRE(access.ok());
  CHECK(access->server == "https://[fd00::1]:443");
  CHECK(access->token_file == folder->path() + "/token");
  CHECK(access->token.empty());
  CHECK(access->default_namespace == "slipway");
}

}  // namespace slipway::kube
