#include "services/gateway/transcode/contract.h"

#include <algorithm>

#include "google/api/annotations.pb.h"
#include "google/protobuf/descriptor.pb.h"

namespace slipway::gateway {
namespace {

namespace pb = google::protobuf;

// Keeps the first problem that the pool reports.
class FirstError final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                ErrorLocation, const std::string& message) override {
    if (text.empty()) text = file + ": " + element + ": " + message;
  }
  std::string text;
};

HttpBinding BindingOf(const google::api::HttpRule& rule) {
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return {"GET", rule.get(), rule.body()};
    case google::api::HttpRule::kPut:
      return {"PUT", rule.put(), rule.body()};
    case google::api::HttpRule::kPost:
      return {"POST", rule.post(), rule.body()};
    case google::api::HttpRule::kDelete:
      return {"DELETE", rule.delete_(), rule.body()};
    case google::api::HttpRule::kPatch:
      return {"PATCH", rule.patch(), rule.body()};
    case google::api::HttpRule::kCustom:
      return {rule.custom().kind(), rule.custom().path(), rule.body()};
    case google::api::HttpRule::PATTERN_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

std::vector<HttpBinding> BindingsOf(const pb::MethodDescriptor* rpc) {
  std::vector<HttpBinding> bindings;
  if (!rpc->options().HasExtension(google::api::http)) return bindings;
  const google::api::HttpRule& rule = rpc->options().GetExtension(google::api::http);
  bindings.push_back(BindingOf(rule));
  for (const google::api::HttpRule& more : rule.additional_bindings()) {
    bindings.push_back(BindingOf(more));
  }
  return bindings;
}

absl::StatusOr<std::unique_ptr<Contract>> Contract::Load(std::string_view descriptor_set,
                                                         bool with_comments) {
  pb::FileDescriptorSet set;
  if (!set.ParseFromArray(descriptor_set.data(), static_cast<int>(descriptor_set.size()))) {
    return absl::InvalidArgumentError("the descriptor set can't be read");
  }
  std::unique_ptr<Contract> contract(new Contract());
  FirstError error;
  for (pb::FileDescriptorProto& file : *set.mutable_file()) {
    if (!with_comments) file.clear_source_code_info();
    const pb::FileDescriptor* built = contract->pool_.BuildFileCollectingErrors(file, &error);
    if (built == nullptr) return absl::InvalidArgumentError("descriptor set: " + error.text);
    if (file.package().rfind("slipway.", 0) != 0) continue;
    for (int i = 0; i < built->service_count(); ++i)
      contract->services_.push_back(built->service(i));
  }
  std::sort(contract->services_.begin(), contract->services_.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  return contract;
}

std::unique_ptr<pb::Message> Contract::New(const pb::Descriptor* type) const {
  return std::unique_ptr<pb::Message>(factory_.GetPrototype(type)->New());
}

}  // namespace slipway::gateway
