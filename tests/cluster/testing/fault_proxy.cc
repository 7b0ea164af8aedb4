#include "tests/cluster/testing/fault_proxy.h"

#include <unistd.h>

#include "libs/http/url.h"
#include "libs/json/json.h"
#include "libs/process/testing/announced.h"
#include "tests/cluster/testing/abort.h"

namespace slipway::cluster_testing {
namespace {

process::Announced Start(const TestCluster& cluster, const FaultProxy::Options& options,
                         const std::string& out) {
  process::ProcessSpec spec;
  spec.argv = {cluster.Program("cluster"),
               "proxy",
               "--kubeconfig=" + (options.kubeconfig.empty() ? cluster.Kubeconfig(options.user)
                                                             : options.kubeconfig),
               "--out=" + out,
               "--seed=" + std::to_string(options.seed),
               "--owner=" + std::to_string(::getpid())};
  if (options.plain) spec.argv.push_back("--plain");
  spec.err = process::OutputSink::Fd(STDERR_FILENO);
  return OrAbort(process::StartAnnounced(std::move(spec)));
}

std::string Query(const FaultProxy::Filter& filter) {
  std::string query = "?since=" + std::to_string(filter.since);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) query += std::string("&") + name + "=" + http::PercentEncode(value);
  };
  add("verb", filter.verb);
  add("resource", filter.resource);
  add("namespace", filter.ns);
  add("method", filter.method);
  add("path", filter.path);
  return query;
}

}  // namespace

FaultProxy::FaultProxy(const TestCluster& cluster, const Options& options)
    : folder_(OrAbort(TempDir::Create("fault-proxy"))),
      kubeconfig_(folder_.path() + "/kubeconfig") {
  process::Announced started = Start(cluster, options, kubeconfig_);
  process_ = std::make_unique<process::Process>(std::move(started.process));
  const boost::json::value said = OrAbort(json::Parse(started.said));
  url_ = *json::GetString(said, "url");
  control_ = *json::GetString(said, "control");
}

void FaultProxy::AddRule(const boost::json::object& rule) {
  Control("POST", "/rules", boost::json::serialize(rule));
}

void FaultProxy::ClearRules() { Control("DELETE", "/rules"); }

boost::json::array FaultProxy::Rules() { return Control("GET", "/rules").as_array(); }

FaultProxy::Seen FaultProxy::Requests(const Filter& filter) {
  const boost::json::value answer = Control("GET", "/requests" + Query(filter));
  Seen seen;
  seen.count = *json::GetInt(answer, "count");
  seen.bytes = *json::GetInt(answer, "bytes");
  seen.last = *json::GetInt(answer, "last");
  seen.in_flight = *json::GetInt(answer, "inFlight");
  seen.peak = *json::GetInt(answer, "peak");
  for (const auto& [key, count] : *json::GetObject(answer, "counts")) {
    seen.counts[std::string(key)] = count.as_int64();
  }
  seen.requests = *json::GetArray(answer, "requests");
  return seen;
}

void FaultProxy::ForgetRequests() { Control("DELETE", "/requests"); }

int64_t FaultProxy::Interrupt(const Filter& filter) {
  return *json::GetInt(Control("POST", "/interrupt" + Query(filter)), "ended");
}

boost::json::value FaultProxy::Control(const std::string& method, const std::string& path,
                                       const std::string& body) {
  http::HttpRequest request;
  request.method = method;
  request.url = control_ + path;
  request.body = body;
  const http::HttpResponse answer = OrAbort(http_.Send(request));
  if (answer.status != 200) Abort("the proxy refused " + method + " " + path + ": " + answer.body);
  return OrAbort(json::Parse(answer.body, {.max_bytes = 64 << 20, .max_depth = 32}));
}

}  // namespace slipway::cluster_testing
