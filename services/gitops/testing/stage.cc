#include "services/gitops/testing/stage.h"

#include <unistd.h>

#include "libs/http/client.h"
#include "services/gitops/testing/provider_in_force.h"
#include "services/gitops/testing/push_image.h"

namespace slipway::gitops {

const AppEnvironment Stage::kDev = {"demo", "hello", "dev"};
const AppEnvironment Stage::kProd = {"demo", "hello", "prod"};

Stage::Stage(Options options)
    : registry(options.registry_user, options.registry_password),
      podman({registry.address()}),
      options_(std::move(options)) {
  OpenRepository();
  // Ports by process id: test programs run side by side.
  const int first = 20000 + static_cast<int>(::getpid() % 300) * 30;
  ports = std::make_unique<PortStore>(database.pool(), first, first + 29);
  if (options_.active_provider) PutProviderInForce(database.pool(), access.url);
  MakePipelines();
  Restart();
}

Stage::~Stage() { process.reset(); }

void Stage::MakePipelines() {
  FakePipeline::Pipeline dev;
  dev.deploy.set_port(8080);
  dev.deploy.set_health_path("/index.html");
  dev.next = {"prod"};
  pipeline.Set(kDev, dev);
  FakePipeline::Pipeline prod = dev;
  prod.after = "dev";
  prod.automatic = false;
  prod.next = {};
  pipeline.Set(kProd, prod);
}

void Stage::Restart(bool start) {
  process.reset();
  target = std::make_unique<local::LocalTarget>(
      local::LocalTarget::Options{
          .owner = "test", .podman = podman.options(), .events_file = podman.events_file()},
      *ports);
  const ActiveRepository none = [] { return std::optional<RepositoryAccess>(); };
  process =
      std::make_unique<TestProcess>(database.pool(), pipeline, *repository, *target,
                                    options_.active_provider ? Active() : none, options_.sync);
  if (start) process->Start();
}

slipway::build::v1::ImageCreated Stage::MakeImage(const std::string& text, int64_t order,
                                                  const std::string& command) {
  auto event = ImageEvent(PushImage(registry, "demo/hello", text, command), order, text);
  auto& prod = *event.add_targets();
  prod.set_environment("prod");
  prod.set_after("dev");
  return event;
}

std::string Stage::Fetch(const std::string& url) {
  http::HttpClient client;
  const auto answer = client.Send({.url = url, .timeout = absl::Seconds(2)});
  return answer.ok() && answer->status == 200 ? answer->body : "";
}

}  // namespace slipway::gitops
