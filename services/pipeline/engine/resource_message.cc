#include "services/pipeline/engine/resource_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "libs/base/check.h"
#include "libs/rpc/timestamp.h"
#include "slipway/pipeline/v1/resources.pb.h"

namespace slipway::pipeline {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* Field(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  SLIPWAY_CHECK(field != nullptr);
  return field;
}

std::string GetString(const Message& message, const char* name) {
  return message.GetReflection()->GetString(message, Field(message, name));
}

Message* Mutable(Message* message, const char* name) {
  return message->GetReflection()->MutableMessage(message, Field(*message, name));
}

void SetTime(Message* message, const char* name, absl::Time time) {
  *static_cast<google::protobuf::Timestamp*>(Mutable(message, name)) = rpc::ToTimestamp(time);
}

// A field that holds a secret, and the message it is in. A value.
struct SecretPlace {
  Message* holder = nullptr;  // null: the resource has no secret
  const char* field = "";
};

SecretPlace PlaceOfSecret(Message* resource) {
  Message* spec = Mutable(resource, "spec");
  switch (KindOf(*resource)) {
    case Kind::kRegistry:
      return {spec, "password"};
    case Kind::kGitAccount:
      return {spec, "token"};
    case Kind::kSecret:
      return {spec, "value"};
    case Kind::kCluster: {
      auto* cluster = static_cast<v1::ClusterSpec*>(spec);
      if (!cluster->has_kubernetes()) return {};
      return {cluster->mutable_kubernetes(), CredentialField(cluster->kubernetes())};
    }
    default:
      return {};
  }
}

void FillStatus(const store::ResourceRow& row, const store::WorkflowFacts& facts, Message* status) {
  status->Clear();
  status->GetReflection()->SetInt64(status, Field(*status, "id"), row.id);
  const auto state = row.deleting ? v1::DELETING : v1::ACTIVE;
  switch (row.kind) {
    case Kind::kProject:
      return static_cast<v1::ProjectStatus*>(status)->set_state(state);
    case Kind::kEnvironment:
      return static_cast<v1::EnvironmentStatus*>(status)->set_state(state);
    case Kind::kApp:
      static_cast<v1::AppStatus*>(status)->set_uid(row.uid);
      return static_cast<v1::AppStatus*>(status)->set_state(state);
    case Kind::kCluster:
      return static_cast<v1::ClusterStatus*>(status)->set_credential_set(row.secret_version > 0);
    case Kind::kRegistry:
      return static_cast<v1::RegistryStatus*>(status)->set_password_set(row.secret_version > 0);
    case Kind::kGitAccount:
      return static_cast<v1::GitAccountStatus*>(status)->set_token_set(row.secret_version > 0);
    case Kind::kSecret:
      return static_cast<v1::SecretStatus*>(status)->set_version(row.secret_version);
    case Kind::kWorkflow: {
      auto* workflow = static_cast<v1::WorkflowStatus*>(status);
      workflow->set_next_tag_number(facts.next_tag_number);
      for (const std::string& environment : facts.deleting_environments) {
        workflow->add_deleting_environments(environment);
      }
      return;
    }
    default:
      return;
  }
}

}  // namespace

std::string NameOf(const Message& resource) { return GetString(resource, "name"); }
std::string EtagOf(const Message& resource) { return GetString(resource, "etag"); }
std::string EtagOf(const store::ResourceRow& row) {
  return std::to_string(row.id) + "-" + std::to_string(row.version);
}

std::string SerializeSpec(const Message& resource) {
  const Message& spec = resource.GetReflection()->GetMessage(resource, Field(resource, "spec"));
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    spec.SerializeToCodedStream(&out);
  }
  return bytes;
}

const char* CredentialField(const v1::KubernetesTarget& cluster) {
  return cluster.server().empty() ? "kubeconfig" : "token";
}

v1::SecretValue* MutableCredential(v1::KubernetesTarget* cluster) {
  return static_cast<v1::SecretValue*>(Mutable(cluster, CredentialField(*cluster)));
}

std::optional<std::string> TakeSecret(Message* resource) {
  const SecretPlace place = PlaceOfSecret(resource);
  if (place.holder == nullptr) return std::nullopt;
  const FieldDescriptor* field = Field(*place.holder, place.field);
  const auto* reflection = place.holder->GetReflection();
  if (!reflection->HasField(*place.holder, field)) return std::nullopt;
  const std::string value =
      static_cast<const v1::SecretValue&>(reflection->GetMessage(*place.holder, field)).value();
  reflection->ClearField(place.holder, field);
  // `password: {}` is what a client sends that fills unset messages: nothing is meant by it.
  if (value.empty()) return std::nullopt;
  return value;
}

void FillResource(const store::ResourceRow& row, const store::WorkflowFacts& facts,
                  Message* resource) {
  SLIPWAY_CHECK(KindOf(*resource) == row.kind);
  resource->Clear();
  const auto* reflection = resource->GetReflection();
  reflection->SetString(resource, Field(*resource, "name"), row.name);
  reflection->SetString(resource, Field(*resource, "etag"), EtagOf(row));
  SLIPWAY_CHECK(Mutable(resource, "spec")->ParseFromString(row.spec));
  FillStatus(row, facts, Mutable(resource, "status"));
  SetTime(resource, "create_time", row.created_at);
  SetTime(resource, "update_time", row.updated_at);
}

}  // namespace slipway::pipeline
