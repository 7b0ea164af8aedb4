#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/domain/target.h"

namespace slipway::gitops::local {

// Labels that the local target puts on its pods.
inline constexpr char kOwnerLabel[] = "slipway.dev/owner";
inline constexpr char kProjectLabel[] = "slipway.dev/project";
inline constexpr char kAppLabel[] = "slipway.dev/app";
inline constexpr char kEnvironmentLabel[] = "slipway.dev/environment";
inline constexpr char kSpecLabel[] = "slipway.dev/spec";
inline constexpr char kCommitLabel[] = "slipway.dev/commit";
inline constexpr char kTreeLabel[] = "slipway.dev/tree";

// A Deployment as podman shall run it: one pod, published on this machine. A value.
struct PodManifest {
  std::string pod = {};        // name of the pod
  std::string container = {};  // name of its first container, in podman's form
  std::string text = {};       // JSON for `podman play kube`
  std::string spec = {};       // digest of what decides whether the pod must be replaced
  std::vector<std::string> images = {};
  int port = 0;                         // of the container; 0: none, nothing is published
  std::string health_path = {};         // empty: the port must accept connections
  std::vector<std::string> notes = {};  // what is done otherwise than the manifest asks
};

// Name of the pod of an app in an environment: the same from call to call, and no two environments
// share one.
std::string PodName(const AppEnvironment& where);

// Translates the manifests of one folder: a Deployment (Services are left to clusters). `host_port`
// is where its port gets published on 127.0.0.1. INVALID_ARGUMENT (MANIFEST_REFUSED) names file and
// field of what the local target does not run: other kinds, several Deployments, host access,
// privileges, volumes. Pure.
absl::StatusOr<PodManifest> BuildPod(const DesiredState& desired, const std::string& owner,
                                     int host_port);

}  // namespace slipway::gitops::local
