#include "services/gateway/test_suite.h"

#include "libs/base/check.h"
#include "libs/log/log.h"

namespace slipway::gateway {
namespace {

TempDir Folder() {
  auto folder = TempDir::Create("gateway");
  SLIPWAY_CHECK(folder.ok());
  return *std::move(folder);
}

}  // namespace

TestSuite::TestSuite(const std::map<std::string, std::vector<grpc::Service*>>& services,
                     absl::Duration webhook_timeout)
    : folder_(Folder()) {
  for (const auto& [name, list] : services) StartService(name, list);
  const std::string token_file = folder_.path() + "/token";
  SLIPWAY_CHECK(WriteFileAtomic(token_file, "gateway-token\n").ok());
  const auto address = [this](const char* name) { return "unix:" + folder_.path() + "/" + name; };
  Config config;
  config.http_listen = "127.0.0.1:0";
  config.admin_listen = address("admin");
  config.auth_address = address("auth");
  config.pipeline_address = address("pipeline");
  config.build_address = address("build");
  config.gitops_address = address("gitops");
  config.trigger_address = address("trigger");
  config.service_token_file = token_file;
  config.log_level = "error";
  config.webhook_timeout = webhook_timeout;
  auto app = App::Create(config);
  SLIPWAY_CHECK(app.ok());
  app_ = *std::move(app);
}

TestSuite::~TestSuite() {
  app_.reset();
  servers_.clear();
}

void TestSuite::StartService(const std::string& name, const std::vector<grpc::Service*>& services) {
  auto server = rpc::Server::Start("unix:" + folder_.path() + "/" + name, services);
  SLIPWAY_CHECK(server.ok());
  servers_[name] = *std::move(server);
}

http::HttpResponse TestSuite::Send(const std::string& method, const std::string& target,
                                   const std::string& body, const http::Headers& headers) {
  http::HttpRequest request;
  request.method = method;
  request.url = url() + target;
  request.body = body;
  request.headers = headers;
  request.timeout = absl::Seconds(30);
  auto response = client_.Send(request);
  SLIPWAY_CHECK(response.ok());
  return *std::move(response);
}

}  // namespace slipway::gateway
