#include "google/protobuf/descriptor.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "services/gateway/transcode/contract.h"
#include "services/gateway/transcode/embedded_contract.h"
#include "services/gateway/transcode/transcoder.h"
#include "slipway/api/options.pb.h"

// Walks the descriptors of all protos: what house rules ask of a contract is checked here, so that
// it needs no reviewer.
namespace slipway {
namespace {

namespace pb = google::protobuf;
using slipway::api::Permission;

const gateway::Contract& TheContract() {
  static const auto contract = gateway::Contract::Load(gateway::EmbeddedDescriptorSet(), true);
  REQUIRE(contract.ok());
  return **contract;
}

void ForEachRpc(const std::function<void(const pb::MethodDescriptor*)>& visit) {
  for (const pb::ServiceDescriptor* service : TheContract().services()) {
    for (int i = 0; i < service->method_count(); ++i) visit(service->method(i));
  }
}

Permission PermissionOf(const pb::MethodDescriptor* rpc) {
  return rpc->options().GetExtension(slipway::api::permission);
}

bool IsInternal(const pb::MethodDescriptor* rpc) {
  const Permission::Verb verb = PermissionOf(rpc).verb();
  return verb == Permission::SERVICE || verb == Permission::RUNNER;
}

// Files of ours, each once.
std::set<const pb::FileDescriptor*> OwnFiles() {
  std::set<const pb::FileDescriptor*> files;
  const std::function<void(const pb::FileDescriptor*)> add = [&](const pb::FileDescriptor* file) {
    if (file->package().rfind("slipway.", 0) != 0 || !files.insert(file).second) return;
    for (int i = 0; i < file->dependency_count(); ++i) add(file->dependency(i));
  };
  for (const pb::ServiceDescriptor* service : TheContract().services()) add(service->file());
  return files;
}

void ForEachMessage(const pb::Descriptor* message,
                    const std::function<void(const pb::Descriptor*)>& visit) {
  if (message->options().map_entry()) return;
  visit(message);
  for (int i = 0; i < message->nested_type_count(); ++i)
    ForEachMessage(message->nested_type(i), visit);
}

void ForEachMessage(const std::function<void(const pb::Descriptor*)>& visit) {
  for (const pb::FileDescriptor* file : OwnFiles()) {
    for (int i = 0; i < file->message_type_count(); ++i)
      ForEachMessage(file->message_type(i), visit);
  }
}

void ForEachEnum(const std::function<void(const pb::EnumDescriptor*)>& visit) {
  for (const pb::FileDescriptor* file : OwnFiles()) {
    for (int i = 0; i < file->enum_type_count(); ++i) visit(file->enum_type(i));
  }
  ForEachMessage([&visit](const pb::Descriptor* message) {
    for (int i = 0; i < message->enum_type_count(); ++i) visit(message->enum_type(i));
  });
}

template <typename Descriptor>
bool HasComment(const Descriptor* descriptor) {
  pb::SourceLocation location;
  return descriptor->GetSourceLocation(&location) && !Trim(location.leading_comments).empty();
}

// Names of what fails, so that one run shows all.
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("every RPC says who may call it, and on what") {
  Names wrong;
  ForEachRpc([&wrong](const pb::MethodDescriptor* rpc) {
    const Permission permission = PermissionOf(rpc);
    if (permission.verb() == Permission::VERB_UNSPECIFIED) {
      wrong.push_back(rpc->full_name() + ": no permission");
    }
    if (permission.resource().empty()) return;
    const pb::Descriptor* type = rpc->input_type();
    const pb::FieldDescriptor* field = nullptr;
    for (const std::string& part : Split(permission.resource(), '.')) {
      field = type == nullptr ? nullptr : type->FindFieldByName(part);
      type = field == nullptr ? nullptr : field->message_type();
    }
    if (field == nullptr || field->type() != pb::FieldDescriptor::TYPE_STRING ||
        field->is_repeated()) {
      wrong.push_back(rpc->full_name() + ": " + permission.resource() + " is no text field");
    }
  });
  CHECK(wrong == Names{});
}

TEST_CASE("every RPC for users has a REST form") {
  // Public or filtered, but spoken between programs only.
  const std::set<std::string> programs_only = {
      "slipway.auth.v1.AuthService.Exchange",             // takes a token in its body, for services
      "slipway.auth.v1.AuthService.GetVerificationKeys",  // raw keys, for services
      "slipway.records.v1.RecordsService.ListRecords",    // answered by each service; REST has
                                                          // timeline and decisions
  };
  Names wrong;
  ForEachRpc([&](const pb::MethodDescriptor* rpc) {
    const bool has_rest = !gateway::BindingsOf(rpc).empty();
    const bool needs_rest = !IsInternal(rpc) && programs_only.count(rpc->full_name()) == 0;
    if (has_rest != needs_rest) wrong.push_back(rpc->full_name());
  });
  CHECK(wrong == Names{});
}

TEST_CASE("no two routes answer the same requests, and templates name fields that are there") {
  const auto transcoder = gateway::Transcoder::Create(TheContract());
  INFO(MessageOf(transcoder.status()));
  CHECK(transcoder.ok());
}

TEST_CASE("every service, RPC, message, field, enum and value has a comment") {
  Names silent;
  const auto check = [&silent](const auto* descriptor) {
    if (!HasComment(descriptor)) silent.push_back(descriptor->full_name());
  };
  for (const pb::ServiceDescriptor* service : TheContract().services()) check(service);
  ForEachRpc(check);
  ForEachMessage([&check](const pb::Descriptor* message) {
    check(message);
    for (int i = 0; i < message->field_count(); ++i) check(message->field(i));
  });
  ForEachEnum([&check](const pb::EnumDescriptor* type) {
    check(type);
    for (int i = 0; i < type->value_count(); ++i) check(type->value(i));
  });
  CHECK(silent == Names{});
}

TEST_CASE("lists come in pages") {
  Names wrong;
  ForEachRpc([&wrong](const pb::MethodDescriptor* rpc) {
    if (rpc->name().rfind("List", 0) != 0 || IsInternal(rpc)) return;
    const bool paged = rpc->input_type()->FindFieldByName("page_size") != nullptr &&
                       rpc->input_type()->FindFieldByName("page_token") != nullptr &&
                       rpc->output_type()->FindFieldByName("next_page_token") != nullptr;
    if (!paged) wrong.push_back(rpc->full_name());
  });
  CHECK(wrong == Names{});
}

TEST_CASE("a request type belongs to one RPC of a service") {
  // The wrapper of libs/rpc recognises a call by its request type.
  Names wrong;
  for (const pb::ServiceDescriptor* service : TheContract().services()) {
    std::set<const pb::Descriptor*> seen;
    for (int i = 0; i < service->method_count(); ++i) {
      if (!seen.insert(service->method(i)->input_type()).second) {
        wrong.push_back(service->method(i)->full_name());
      }
    }
  }
  CHECK(wrong == Names{});
}

TEST_CASE("enums have a zero that means nothing") {
  Names wrong;
  ForEachEnum([&wrong](const pb::EnumDescriptor* type) {
    const pb::EnumValueDescriptor* zero = type->FindValueByNumber(0);
    if (zero == nullptr || !zero->name().ends_with("_UNSPECIFIED"))
      wrong.push_back(type->full_name());
  });
  CHECK(wrong == Names{});
}

TEST_CASE("what is called a password or a secret is marked as sensitive") {
  const std::set<std::string> secret_names = {"password", "secret", "private_key", "assertion"};
  const std::set<std::string> references = {
      "slipway.plan.v1.Variable.secret"};  // names a version, holds no value
  Names wrong;
  ForEachMessage([&](const pb::Descriptor* message) {
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor* field = message->field(i);
      const bool text = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
      if (text && secret_names.count(field->name()) > 0 &&
          references.count(field->full_name()) == 0 &&
          !field->options().GetExtension(slipway::api::sensitive)) {
        wrong.push_back(field->full_name());
      }
    }
  });
  CHECK(wrong == Names{});
}

}  // namespace slipway
