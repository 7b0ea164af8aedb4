// The memory of what is kept of each watched object: the reflector's record and the index entry of
// an object of an app. Prints bytes of memory an object, and bytes of an object's JSON, which is
// what a cache of whole objects would keep.

#include <malloc.h>

#include <cstdlib>
#include <iostream>
#include <string>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/kube/client/ledger.h"
#include "services/gitops/target/kubernetes/live_index.h"
#include "services/gitops/target/kubernetes/read_object.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr char kManager[] = "slipway";

// 36 characters, as a server's.
std::string UidOf(int number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 12 - digits.size(), '0');
  return "0f8fad5b-d9cb-469f-a165-" + digits;
}

// As a server shows a Deployment that was applied.
std::string Json(int number) {
  const std::string name = "app-" + std::to_string(number);
  return R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":")" + name +
         R"(","namespace":"dev","uid":")" + UidOf(number) +
         R"(","resourceVersion":"12345","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z",)"
         R"("labels":{"slipway.dev/managed-by":"bench"},"annotations":{)"
         R"("argocd.argoproj.io/tracking-id":"demo_)" +
         name + ":apps/Deployment:dev/" + name +
         R"("},"managedFields":[{"manager":"slipway","operation":"Apply","apiVersion":"apps/v1",)"
         R"("time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":)"
         R"({"f:labels":{"f:slipway.dev/managed-by":{}}},"f:spec":{"f:replicas":{},"f:selector":{},)"
         R"("f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:image":{},)"
         R"("f:name":{}}}}}}}}]},"spec":{"replicas":0,"selector":{"matchLabels":{"app":")" +
         name + R"("}},"template":{"metadata":{"labels":{"app":")" + name +
         R"("}},"spec":{"containers":[{"name":"app","image":"example.com/app:1"}]}}},)"
         R"("status":{"observedGeneration":1,"conditions":[{"type":"Available","status":"True"}]}})";
}

absl::Status Run(int count) {
  kube::Ledger ledger;
  ledger.BeginRound();
  LiveIndex index;
  const size_t before = ::mallinfo2().uordblks;
  for (int i = 0; i < count; ++i) {
    const std::string json = Json(i);
    SLIPWAY_ASSIGN_OR_RETURN(const kube::ObjectView view, kube::ViewObject(json));
    ledger.See(view);
    SLIPWAY_ASSIGN_OR_RETURN(const kube::Object object, ReadObject(json));
    const kube::ObjectId id{"apps", "Deployment", std::string(view.ns), std::string(view.name)};
    // Two objects an app.
    index.Follow(id, {"demo", "app-" + std::to_string(i / 2), "dev"});
    index.Put(id, ToLive(object, kManager, {}));
  }
  const size_t used = ::mallinfo2().uordblks - before;
  std::cout << used / static_cast<size_t>(count) << " " << Json(count).size() << "\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace slipway::gitops::kubernetes

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: bench_watched_memory OBJECTS\n";
    return 2;
  }
  const absl::Status status = slipway::gitops::kubernetes::Run(std::atoi(argv[1]));
  if (!status.ok()) {
    std::cerr << "bench_watched_memory: " << slipway::MessageOf(status) << "\n";
    return 1;
  }
  return 0;
}
