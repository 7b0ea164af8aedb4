#pragma once

#include <memory>
#include <string>

#include "libs/base/file.h"
#include "libs/http/client.h"
#include "libs/rpc/server.h"
#include "services/gateway/app.h"

namespace grpc {
class Service;
}

namespace slipway::gateway {

// A gateway on a free port with services that the test brings, on Unix sockets of its own. A
// service that is left out does not run. Used by one thread.
class TestSuite {
 public:
  // Names as in Config: "auth", "pipeline".
  explicit TestSuite(const std::map<std::string, std::vector<grpc::Service*>>& services,
                     absl::Duration webhook_timeout = absl::Seconds(9));
  ~TestSuite();

  void StopService(const std::string& name) { servers_.erase(name); }
  void StartService(const std::string& name, const std::vector<grpc::Service*>& services);

  App& app() { return *app_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(app_->port()); }

  // A request to the gateway; aborts the test when there is no answer.
  http::HttpResponse Send(const std::string& method, const std::string& target,
                          const std::string& body = "", const http::Headers& headers = {});

 private:
  TempDir folder_;
  std::map<std::string, std::unique_ptr<rpc::Server>> servers_;
  std::unique_ptr<App> app_;
  http::HttpClient client_;
};

}  // namespace slipway::gateway
