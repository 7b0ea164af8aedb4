#include "libs/kube/mask.h"

#include <string_view>

namespace slipway::kube {
namespace {

constexpr std::string_view kValues[] = {"data", "stringData"};
constexpr char kLastApplied[] = "kubectl.kubernetes.io/last-applied-configuration";

boost::json::object* Annotations(Object& object) {
  boost::json::value* metadata = object.body().if_contains("metadata");
  boost::json::object* fields = metadata == nullptr ? nullptr : metadata->if_object();
  boost::json::value* found = fields == nullptr ? nullptr : fields->if_contains("annotations");
  return found == nullptr ? nullptr : found->if_object();
}

void MaskAll(boost::json::value& values) {
  if (!values.is_object()) {
    if (!values.is_null()) values = kMasked;  // not a mapping: whatever it is, it may be secret
    return;
  }
  for (auto& member : values.get_object()) member.value() = kMasked;
}

boost::json::object* Values(Object& object, std::string_view key) {
  boost::json::value* values = object.body().if_contains(JsonView(key));
  return values == nullptr ? nullptr : values->if_object();
}

// Hides the members of both sides, and marks those that differ.
void MaskSides(boost::json::object& before, boost::json::object& after) {
  for (auto& member : after) {
    if (!before.contains(member.key())) member.value() = kMasked;
  }
  for (auto& member : before) {
    boost::json::value* other = after.if_contains(member.key());
    const bool differs = other != nullptr && *other != member.value();
    member.value() = differs ? kMaskedBefore : kMasked;
    if (other != nullptr) *other = differs ? kMaskedAfter : kMasked;
  }
}

}  // namespace

bool IsSecret(const Object& object) {
  return object.kind() == "Secret" && object.api_version() == "v1";
}

void MaskPair(Object& before, Object& after) {
  if (!IsSecret(before) && !IsSecret(after)) return;
  for (const std::string_view key : kValues) {
    boost::json::object* was = Values(before, key);
    boost::json::object* is = Values(after, key);
    if (was == nullptr || is == nullptr) {
      for (Object* object : {&before, &after}) {
        if (boost::json::value* values = object->body().if_contains(JsonView(key))) {
          MaskAll(*values);
        }
      }
      continue;
    }
    MaskSides(*was, *is);
  }
  for (Object* object : {&before, &after}) {
    boost::json::object* annotations = Annotations(*object);
    if (annotations != nullptr && annotations->contains(kLastApplied)) {
      (*annotations)[kLastApplied] = kMasked;
    }
  }
}

}  // namespace slipway::kube
