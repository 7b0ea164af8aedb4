#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/file.h"
#include "libs/http/client.h"
#include "libs/process/process.h"
#include "tests/cluster/testing/test_cluster.h"

namespace slipway::cluster_testing {

// `cluster proxy` between a client under test and the API server: faults by rules, and a journal of
// what came. Owned by one test; ends with it. Not thread-safe, but the client may be busy
// meanwhile. The members of rules and requests are described in tests/cluster/README.md.
class FaultProxy {
 public:
  struct Options {
    std::string user = "slipway";  // whose kubeconfig leads through the proxy
    std::string kubeconfig = {};   // instead of the user's
    bool plain = false;            // HTTP towards the client instead of TLS
    uint64_t seed = 1;             // of rules with a chance
  };
  // Which requests; empty members match all.
  struct Filter {
    std::string verb = {};      // "patch", "list", "watch"...
    std::string resource = {};  // "deployments.apps", "pods"
    std::string ns = {};
    std::string method = {};  // regular expression
    std::string path = {};    // regular expression on path?query
    int64_t since = 0;        // only later ones than this sequence (Seen::last)
  };
  // What came.
  struct Seen {
    int64_t count = 0;
    std::map<std::string, int64_t> counts;  // by "verb resource", "verb resource/subresource"
    int64_t bytes = 0;                      // of all answers
    int64_t last = 0;                       // sequence of the newest request of all
    int64_t in_flight = 0;                  // of all requests
    int64_t peak = 0;                       // most requests in flight at once
    boost::json::array requests;            // the newest thousand
  };

  explicit FaultProxy(const TestCluster& cluster) : FaultProxy(cluster, Options()) {}
  FaultProxy(const TestCluster& cluster, const Options& options);

  const std::string& url() const { return url_; }
  // Path of the kubeconfig that leads through the proxy.
  const std::string& kubeconfig() const { return kubeconfig_; }

  // Behind the rules in force. AddRule({{"verb", "patch"}, {"times", 2}, {"answer", {{"status",
  // 503}}}}).
  void AddRule(const boost::json::object& rule);
  void ClearRules();
  // The rules with "matched" and "used".
  boost::json::array Rules();

  Seen Requests(const Filter& filter);
  Seen Requests() { return Requests(Filter()); }
  void ForgetRequests();
  // Ends matching requests in flight (watches); their number.
  int64_t Interrupt(const Filter& filter);

 private:
  boost::json::value Control(const std::string& method, const std::string& path,
                             const std::string& body = "");

  TempDir folder_;
  std::string kubeconfig_;
  std::string url_;
  std::string control_;
  http::HttpClient http_;
  std::unique_ptr<process::Process> process_;
};

}  // namespace slipway::cluster_testing
