#pragma once

#include <optional>
#include <string>

#include "google/protobuf/message.h"
#include "services/pipeline/store/resource_store.h"
#include "services/pipeline/store/workflow_store.h"
#include "slipway/pipeline/v1/resources.pb.h"

// The resources of all kinds have the same shape {name, spec, status, etag, create_time,
// update_time}; these functions see to it by reflection, so that the engine is written once.
// `resource` is one of the messages of kind.h.
namespace slipway::pipeline {

std::string NameOf(const google::protobuf::Message& resource);
std::string EtagOf(const google::protobuf::Message& resource);
std::string EtagOf(const store::ResourceRow& row);

// The spec as bytes; equal specs give equal bytes.
std::string SerializeSpec(const google::protobuf::Message& resource);

// The field that a cluster's credential is in: only one of the two is allowed, and with a server it
// is the token.
const char* CredentialField(const v1::KubernetesTarget& cluster);
v1::SecretValue* MutableCredential(v1::KubernetesTarget* cluster);

// Takes a secret value out of the spec: unset where there was none.
std::optional<std::string> TakeSecret(google::protobuf::Message* resource);

// Fills all fields from the row. `facts` are needed for workflows.
void FillResource(const store::ResourceRow& row, const store::WorkflowFacts& facts,
                  google::protobuf::Message* resource);

// The spec of a row as its message: ReadAs<v1::App>(row).spec().
template <typename M>
M ReadAs(const store::ResourceRow& row) {
  M resource;
  FillResource(row, {}, &resource);
  return resource;
}

}  // namespace slipway::pipeline
