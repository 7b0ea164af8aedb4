#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace slipway::gateway {

// One way to call an RPC over HTTP, from its google.api.http option. A value.
struct HttpBinding {
  std::string method;  // "GET"
  std::string path;    // template
  std::string body;    // "", "*" or a field's name
};

// All HTTP bindings of an RPC, additional ones too; none for an RPC that has no such option.
std::vector<HttpBinding> BindingsOf(const google::protobuf::MethodDescriptor* rpc);

// The services of the suite as their protos describe them, loaded from a descriptor set, and
// messages of their types. Immutable after Load and thread-safe.
class Contract {
 public:
  // `descriptor_set` is a serialised FileDescriptorSet with all imports. `with_comments` keeps the
  // protos' comments, which need memory; only the OpenAPI document shows them. INVALID_ARGUMENT for
  // a set that is broken or incomplete.
  static absl::StatusOr<std::unique_ptr<Contract>> Load(std::string_view descriptor_set,
                                                        bool with_comments);

  // Services in packages "slipway.*", ordered by name.
  const std::vector<const google::protobuf::ServiceDescriptor*>& services() const {
    return services_;
  }
  const google::protobuf::DescriptorPool& pool() const { return pool_; }

  std::unique_ptr<google::protobuf::Message> New(const google::protobuf::Descriptor* type) const;

 private:
  Contract() = default;

  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_;
  std::vector<const google::protobuf::ServiceDescriptor*> services_;
};

}  // namespace slipway::gateway
