#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/gitops/domain/target.h"
#include "services/gitops/target/kubernetes/cluster.h"
#include "services/gitops/target/kubernetes/plan.h"

namespace slipway::gitops::kubernetes {

// The body of an apply of an object of which fields are left to others, by how it is on the
// cluster; null: it is not there. Our own marks are never left to others. Pure.
std::string BodyBeside(const PlannedObject& planned, const kube::Object* live,
                       const std::string& manager);

// What is sent of an object, or why that is not known. A value.
struct Payload {
  std::string body = {};
  std::optional<kube::Answer> failed = {};  // of looking at it
  std::optional<kube::Object> live = {};    // as it was looked at; empty: not there, or no need to
};

// The bodies of objects as they are to be sent now, in their order: those of which fields are left
// to others are looked at before, all at once.
std::vector<Payload> PayloadsOf(const DesiredState& desired,
                                const std::vector<const PlannedObject*>& objects,
                                const std::vector<kube::Target>& targets, Cluster& cluster,
                                const std::string& manager,
                                absl::Duration timeout = absl::Seconds(30));

}  // namespace slipway::gitops::kubernetes
