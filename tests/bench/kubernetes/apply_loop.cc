// The bare loop that the sync engine is measured against: applies every object of standard input
// (one JSON object a line) with a fixed number of requests in flight, and prints the seconds taken.
// It plans, records, watches and judges nothing.

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/json/json.h"
#include "libs/kube/client/apply.h"
#include "libs/kube/client/discovery.h"
#include "libs/kube/client/kubeconfig.h"
#include "libs/kube/object.h"

namespace slipway::kube {
namespace {

struct Work {
  Target target;
  std::string body;
};

absl::StatusOr<std::vector<Work>> ReadWork(Discovery& discovery, std::istream& in) {
  std::vector<Work> work;
  for (std::string line; std::getline(in, line);) {
    SLIPWAY_ASSIGN_OR_RETURN(boost::json::value value, json::Parse(line));
    const Object object(value.as_object());
    SLIPWAY_ASSIGN_OR_RETURN(ResourceInfo resource, discovery.Find(object.gvk()));
    work.push_back({{.resource = std::move(resource),
                     .ns = std::string(object.ns()),
                     .name = std::string(object.name())},
                    ApplyBody(object.body())});
  }
  return work;
}

absl::Status Run(const std::string& kubeconfig, int in_flight) {
  SLIPWAY_ASSIGN_OR_RETURN(std::string text, ReadFile(kubeconfig));
  SLIPWAY_ASSIGN_OR_RETURN(ClusterAccess access, ParseKubeconfig(text));
  SLIPWAY_ASSIGN_OR_RETURN(auto client, Client::Create(std::move(access), {}));
  Discovery discovery(*client);
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<Work> work, ReadWork(discovery, std::cin));
  Dispatcher dispatcher(*client, {.min = in_flight, .max = in_flight, .initial = in_flight});
  ObjectApi api(dispatcher);
  std::mutex mu;
  std::condition_variable done;
  size_t open = work.size();
  absl::Status failed;
  ObjectApi::ApplyOptions options;
  options.timeout = absl::Minutes(10);
  const absl::Time started = absl::Now();
  for (Work& item : work) {
    api.Apply(item.target, std::move(item.body), options, [&](const Answer& answer) {
      const std::lock_guard<std::mutex> lock(mu);
      if (!answer.ok()) failed.Update(answer.error);
      if (--open == 0) done.notify_all();
    });
  }
  std::unique_lock<std::mutex> lock(mu);
  done.wait(lock, [&] { return open == 0; });
  SLIPWAY_RETURN_IF_ERROR(failed);
  std::cout << absl::ToDoubleSeconds(absl::Now() - started) << "\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace slipway::kube

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: bench_apply_loop KUBECONFIG IN_FLIGHT <OBJECTS\n";
    return 2;
  }
  const absl::Status status = slipway::kube::Run(argv[1], std::atoi(argv[2]));
  if (!status.ok()) {
    std::cerr << "bench_apply_loop: " << slipway::MessageOf(status) << "\n";
    return 1;
  }
  return 0;
}
