// The proxy with faults, seen by kubectl and by a plain HTTP client.

#include <catch2/catch.hpp>
#include <string>

#include "libs/base/encoding.h"
#include "libs/base/file.h"
#include "libs/json/json.h"
#include "tests/cluster/testing/fault_proxy.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::cluster_testing {
namespace {

using Filter = FaultProxy::Filter;

// A client that repeats nothing, as the proxy's user.
class Client {
 public:
  explicit Client(const FaultProxy& proxy) : url_(proxy.url()) {
    const std::string config = *ReadFile(proxy.kubeconfig());
    token_ = Value(config, "token: ");
    const std::string authority = Value(config, "certificate-authority-data: ");
    ca_ = *Base64Decode(authority);
  }

  absl::StatusOr<http::HttpResponse> Send(const std::string& path) {
    http::HttpRequest request;
    request.url = url_ + path;
    request.bearer = token_;
    request.tls.ca = ca_;
    return http_.Send(request);
  }

 private:
  // The rest of the line after `key` in the kubeconfig's YAML.
  static std::string Value(const std::string& text, const std::string& key) {
    const size_t at = text.find(key);
    if (at == std::string::npos) return "";
    const size_t from = at + key.size();
    return text.substr(from, text.find('\n', from) - from);
  }

  std::string url_;
  std::string token_;
  std::string ca_;
  http::HttpClient http_;
};

std::string Of(const TestNamespace& ns, const std::string& rest = "") {
  return "/api/v1/namespaces/" + ns.name() + "/configmaps" + rest;
}

TEST_CASE("Without rules the proxy is not noticed, and what came is counted by verb and resource") {
  const TestNamespace ns;
  FaultProxy proxy(ns.cluster());
  const auto kubectl = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {"--kubeconfig=" + proxy.kubeconfig(), "--namespace=" + ns.name()});
    return ns.cluster().Kubectl(args);
  };
  CHECK(kubectl({"create", "configmap", "a", "--from-literal=x=1"}).ok());
  CHECK(kubectl({"get", "configmap", "a"}).ok());
  const auto seen = proxy.Requests({.ns = ns.name()});
  CHECK(seen.counts.at("create configmaps") == 1);
  CHECK(seen.counts.at("get configmaps") == 1);
  CHECK(seen.bytes > 0);
  CHECK(proxy.Requests({.method = "PATCH|PUT|DELETE"}).count == 0);
  const int64_t mark = proxy.Requests().last;
  CHECK(kubectl({"get", "configmaps"}).ok());
  CHECK(proxy.Requests({.verb = "list", .resource = "configmaps", .since = mark}).count == 1);
  CHECK(proxy.Requests({.path = "configmaps/a$", .since = mark}).count == 0);
  proxy.ForgetRequests();
  CHECK(proxy.Requests().count == 0);
}

TEST_CASE("A rule answers in the server's place so many times, with headers") {
  const TestNamespace ns;
  FaultProxy proxy(ns.cluster());
  Client client(proxy);
  proxy.AddRule({{"name", "busy"},
                 {"method", "GET"},
                 {"path", "/configmaps"},
                 {"skip", 1},
                 {"times", 2},
                 {"answer", {{"status", 429}, {"headers", {{"Retry-After", "7"}}}}}});
  CHECK(client.Send(Of(ns))->status == 200);
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.Send(Of(ns));
    CHECK(answer->status == 429);
    CHECK(answer->Header("Retry-After") == "7");
    CHECK(json::GetString(*json::Parse(answer->body), "reason") == "TooManyRequests");
  }
  CHECK(client.Send(Of(ns))->status == 200);
  CHECK(proxy.Rules().at(0).at("used").as_int64() == 2);
  CHECK(proxy.Requests().requests.at(1).at("rule").as_string() == "busy");
}

TEST_CASE("An answer breaks off in the middle, or is lost after the server did its work") {
  const TestNamespace ns;
  FaultProxy proxy(ns.cluster());
  Client client(proxy);
  proxy.AddRule({{"times", 1}, {"path", "/configmaps"}, {"cut", 20}});
  CHECK_FALSE(client.Send(Of(ns)).ok());
  CHECK(proxy.Requests().bytes == 20);
  for (const char* fault : {"drop", "reset"}) {
    for (const char* moment : {"before", "after"}) {
      proxy.AddRule({{"times", 1}, {"path", "/configmaps"}, {fault, moment}});
      INFO(fault << " " << moment);
      CHECK_FALSE(client.Send(Of(ns)).ok());
    }
  }
  CHECK(client.Send(Of(ns))->status == 200);

  // kubectl repeats nothing that may have changed something.
  proxy.AddRule({{"verb", "create"}, {"drop", "after"}});
  CHECK_FALSE(ns.cluster()
                  .Kubectl({"--kubeconfig=" + proxy.kubeconfig(), "--namespace=" + ns.name(),
                            "create", "configmap", "made", "--validate=false"})
                  .ok());
  CHECK(ns.Get("configmap", "made").is_object());
}

TEST_CASE("A delay holds requests back, and a chance strikes the same ones for the same seed") {
  const TestNamespace ns;
  std::vector<std::string> runs;
  for (int run = 0; run < 2; ++run) {
    FaultProxy proxy(ns.cluster(), {.plain = true, .seed = 7});
    Client client(proxy);
    proxy.AddRule({{"chance", 0.5}, {"answer", {{"status", 503}}}});
    std::string statuses;
    for (int i = 0; i < 20; ++i) {
      statuses += std::to_string(client.Send(Of(ns))->status) + " ";
    }
    runs.push_back(statuses);
    proxy.ClearRules();
    proxy.AddRule({{"delay", "200ms"}, {"times", 1}});
    const absl::Time begun = absl::Now();
    CHECK(client.Send(Of(ns))->status == 200);
    CHECK(absl::Now() - begun >= absl::Milliseconds(200));
  }
  CHECK(runs[0] == runs[1]);
  CHECK(runs[0].find("200") != std::string::npos);
  CHECK(runs[0].find("503") != std::string::npos);
}

TEST_CASE("A watch expires with 410, and one in flight is interrupted") {
  const TestNamespace ns;
  FaultProxy proxy(ns.cluster());
  Client client(proxy);
  proxy.AddRule({{"verb", "watch"}, {"times", 1}, {"expire", true}});
  const auto expired = client.Send(Of(ns, "?watch=1"));
  REQUIRE(expired.ok());
  const auto event = json::Parse(expired->body);
  CHECK(json::GetString(*event, "type") == "ERROR");
  CHECK(json::GetInt(*event, "object.code") == 410);
  CHECK(json::GetString(*event, "object.reason") == "Expired");

  process::ProcessSpec spec;
  spec.out = process::OutputSink::Discard();
  spec.err = process::OutputSink::Discard();
  spec.argv = {ns.cluster().Program("kubectl"),
               "--kubeconfig=" + proxy.kubeconfig(),
               "--namespace=" + ns.name(),
               "get",
               "--raw",
               Of(ns, "?watch=1")};
  auto watch = process::Process::Start(spec);
  const Filter watches{.verb = "watch", .resource = "configmaps", .since = proxy.Requests().last};
  int64_t ended = 0;
  while (ended == 0 && !watch->Wait(absl::Milliseconds(10))->has_value()) {
    ended = proxy.Interrupt(watches);
  }
  CHECK(ended == 1);
  CHECK(watch->Wait(absl::Seconds(10))->has_value());
}

TEST_CASE("A server that is away looks away behind the proxy, too, and bad rules are refused") {
  const TestNamespace ns;
  FaultProxy proxy(ns.cluster());
  Client client(proxy);
  proxy.AddRule({{"name", "outage"}, {"drop", "before"}});
  CHECK_FALSE(client.Send("/readyz").ok());
  CHECK_FALSE(
      ns.cluster().Kubectl({"--kubeconfig=" + proxy.kubeconfig(), "get", "--raw", "/readyz"}).ok());
  proxy.ClearRules();
  CHECK(client.Send("/readyz")->body == "ok");
}

}  // namespace
}  // namespace slipway::cluster_testing
