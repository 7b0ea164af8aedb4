#pragma once

#include <string>
#include <vector>

#include "libs/kube/object.h"

namespace slipway::gitops::kubernetes {

// Where an app is reached by its Ingresses: host and path of the first rule that names a host
// without a wildcard, https if the Ingress has TLS for it. Empty: there is none, as the address of
// a controller is nothing that its manifests say.
std::string UrlOfIngress(const std::vector<kube::Object>& objects);

}  // namespace slipway::gitops::kubernetes
