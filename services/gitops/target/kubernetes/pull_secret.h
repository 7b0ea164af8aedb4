#pragma once

#include <string>
#include <vector>

#include "libs/kube/object.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops::kubernetes {

// Lets the pods of the objects pull from registries that want a credential: where an image comes
// from a host of `credentials` and the pod names no pull secrets itself, it gets the one called
// `name`. Gives these Secrets (type kubernetes.io/dockerconfigjson), one for each namespace that
// needs it. They are applied with the rest and stand in no repository. Pure.
std::vector<kube::Object> AddPullSecrets(std::vector<kube::Object>& objects,
                                         const std::vector<PullCredential>& credentials,
                                         const std::string& name);

}  // namespace slipway::gitops::kubernetes
