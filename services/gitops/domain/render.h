#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/gitops/domain/manifest.h"
#include "services/gitops/domain/names.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::gitops {

// What a deployment is rendered from. A value.
struct RenderInput {
  AppEnvironment where = {};
  int64_t number = 0;  // of the deployment; written down so that each makes a commit of its own
  std::string k8s_namespace = {};                 // empty: the environment's id
  std::string image = {};                         // HOST/REPOSITORY@sha256:...
  std::string image_name = {};                    // projects/P/apps/A/images/ID
  std::string run = {};                           // run that built the image
  std::string commit = {};                        // commit of the app's source
  slipway::pipeline::v1::DeploySpec deploy = {};  // merged
  slipway::pipeline::v1::Strategy strategy = {};
};

// The Kubernetes objects for an app in an environment: deployment.yaml, and service.yaml if the app
// has a port. Equal inputs give equal bytes. Pure.
std::vector<Manifest> Render(const RenderInput& input);

}  // namespace slipway::gitops
