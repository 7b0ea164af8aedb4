#include "services/gitops/target/kubernetes/read_object.h"

#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/json/json.h"

namespace slipway::gitops::kubernetes {
namespace {

constexpr json::Limits kObjectLimits{.max_bytes = 16 << 20, .max_depth = 100};

}  // namespace

absl::StatusOr<kube::Object> ReadObject(std::string_view body) {
  auto value = json::Parse(body, kObjectLimits);
  if (!value.ok())
    return absl::UnavailableError("the server's answer can't be read: " +
                                  MessageOf(value.status()));
  if (!value->is_object()) return absl::UnavailableError("the server's answer is no object");
  return kube::Object(std::move(value->get_object()));
}

absl::StatusOr<kube::Object> ReadMetadata(const kube::ObjectId& id, std::string_view body) {
  SLIPWAY_ASSIGN_OR_RETURN(kube::Object object, ReadObject(body));
  object.body()["apiVersion"] = id.group.empty() ? "v1" : id.group + "/v1";
  object.body()["kind"] = id.kind;
  return object;
}

}  // namespace slipway::gitops::kubernetes
