#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace slipway::kube {

// The errors of libs/kube/client that a user may see. None holds a credential.

// INVALID_ARGUMENT, reason KUBECONFIG_INVALID, with `field` in the metadata and the violations:
// "users[0].user.exec: ...".
absl::Status KubeconfigInvalid(std::string_view field, std::string_view problem);

// NOT_FOUND, reason KIND_UNKNOWN: the cluster serves no such kind. `did_you_mean` may be empty.
absl::Status KindUnknown(std::string_view api_version, std::string_view kind,
                         std::string_view did_you_mean);

// UNAVAILABLE, reason CLUSTER_UNREACHABLE: `what` is a method with a URL, without its query.
absl::Status ClusterUnreachable(std::string_view what, std::string_view problem);

// INVALID_ARGUMENT, reason CLUSTER_PROXY_REFUSED: behind a proxy the address that is called can't
// be judged, so the operator has to allow the pair by name.
absl::Status ProxyRefused(std::string_view host, int port);

// INTERNAL, reason CLUSTER_ANSWER_INVALID: the server answered with something that is not
// Kubernetes' JSON.
absl::Status AnswerInvalid(std::string_view what, std::string_view problem);

}  // namespace slipway::kube
