#include "libs/kube/client/errors.h"

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::kube {

absl::Status KubeconfigInvalid(std::string_view field, std::string_view problem) {
  const std::string name(field), text(problem);
  return MakeError(absl::StatusCode::kInvalidArgument, name + ": " + text,
                   {.reason = "KUBECONFIG_INVALID",
                    .metadata = {{"field", name}},
                    .field_violations = {{.field = name, .description = text}}});
}

absl::Status KindUnknown(std::string_view api_version, std::string_view kind,
                         std::string_view did_you_mean) {
  std::string message = "the cluster has no kind " + std::string(kind);
  if (!api_version.empty()) message += " in " + std::string(api_version);
  if (!did_you_mean.empty()) message += "; did you mean " + std::string(did_you_mean) + "?";
  return MakeError(
      absl::StatusCode::kNotFound, message,
      {.reason = "KIND_UNKNOWN",
       .metadata = {{"api_version", std::string(api_version)}, {"kind", std::string(kind)}},
       .field_violations = {}});
}

absl::Status ClusterUnreachable(std::string_view what, std::string_view problem) {
  return MakeError(absl::StatusCode::kUnavailable,
                   std::string(what) + ": " + Truncate(problem, 500),
                   {.reason = "CLUSTER_UNREACHABLE", .metadata = {}, .field_violations = {}});
}

absl::Status ProxyRefused(std::string_view host, int port) {
  const std::string pair = std::string(host) + ":" + std::to_string(port);
  return MakeError(absl::StatusCode::kInvalidArgument,
                   pair +
                       " is refused: it is behind a proxy, where its address can't be checked; "
                       "an operator may allow " +
                       pair,
                   {.reason = "CLUSTER_PROXY_REFUSED",
                    .metadata = {{"host", std::string(host)}, {"port", std::to_string(port)}},
                    .field_violations = {}});
}

absl::Status AnswerInvalid(std::string_view what, std::string_view problem) {
  return MakeError(
      absl::StatusCode::kInternal,
      std::string(what) + ": the answer is not Kubernetes' JSON: " + Truncate(problem, 300),
      {.reason = "CLUSTER_ANSWER_INVALID", .metadata = {}, .field_violations = {}});
}

}  // namespace slipway::kube
