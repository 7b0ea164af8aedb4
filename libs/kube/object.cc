#include "libs/kube/object.h"

#include <algorithm>
#include <array>

#include "libs/base/strings.h"

namespace slipway::kube {

bool IsBuiltInGroup(std::string_view group) {
  static constexpr std::array<std::string_view, 21> kGroups = {"",
                                                               "admissionregistration.k8s.io",
                                                               "apiextensions.k8s.io",
                                                               "apiregistration.k8s.io",
                                                               "apps",
                                                               "authentication.k8s.io",
                                                               "authorization.k8s.io",
                                                               "autoscaling",
                                                               "batch",
                                                               "certificates.k8s.io",
                                                               "coordination.k8s.io",
                                                               "discovery.k8s.io",
                                                               "events.k8s.io",
                                                               "extensions",
                                                               "flowcontrol.apiserver.k8s.io",
                                                               "networking.k8s.io",
                                                               "node.k8s.io",
                                                               "policy",
                                                               "rbac.authorization.k8s.io",
                                                               "scheduling.k8s.io",
                                                               "storage.k8s.io"};
  return std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
}

std::string Describe(const ObjectId& id) {
  std::string text = id.kind;
  if (!IsBuiltInGroup(id.group)) text += "." + id.group;
  text += " ";
  if (!id.ns.empty()) text += id.ns + "/";
  return text + id.name;
}

std::string Gvk::api_version() const { return group.empty() ? version : group + "/" + version; }

Gvk MakeGvk(std::string_view api_version, std::string_view kind) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)),
          std::string(kind)};
}

const boost::json::value* Get(const boost::json::object& object, std::string_view key) {
  return object.if_contains(JsonView(key));
}

const boost::json::object* GetObject(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = Get(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

const boost::json::array* GetArray(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = Get(object, key);
  return value == nullptr ? nullptr : value->if_array();
}

std::string_view GetString(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = Get(object, key);
  const boost::json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : View(*text);
}

std::optional<int64_t> GetInt(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = Get(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const int64_t number = value->to_number<int64_t>(error);
  if (error) return std::nullopt;
  return number;
}

std::optional<bool> GetBool(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = Get(object, key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

Gvk Object::gvk() const { return MakeGvk(api_version(), kind()); }

ObjectId Object::id() const {
  const std::string_view version = api_version();
  const size_t slash = version.find('/');
  return {std::string(slash == std::string_view::npos ? "" : version.substr(0, slash)),
          std::string(kind()), std::string(ns()), std::string(name())};
}

std::string_view Object::api_version() const { return GetString(body_, "apiVersion"); }
std::string_view Object::kind() const { return GetString(body_, "kind"); }
std::string_view Object::name() const { return MetadataString("name"); }
std::string_view Object::ns() const { return MetadataString("namespace"); }
std::string_view Object::uid() const { return MetadataString("uid"); }
std::string_view Object::resource_version() const { return MetadataString("resourceVersion"); }
bool Object::deleting() const { return !MetadataString("deletionTimestamp").empty(); }

int64_t Object::generation() const {
  const boost::json::object* metadata = GetObject(body_, "metadata");
  return metadata == nullptr ? 0 : GetInt(*metadata, "generation").value_or(0);
}

absl::Time Object::created() const {
  absl::Time time;
  std::string ignored;
  const std::string_view text = MetadataString("creationTimestamp");
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &ignored)) {
    return absl::InfinitePast();
  }
  return time;
}

std::vector<std::string> Object::finalizers() const {
  std::vector<std::string> names;
  const boost::json::object* metadata = GetObject(body_, "metadata");
  const boost::json::array* list = metadata ? GetArray(*metadata, "finalizers") : nullptr;
  if (list == nullptr) return names;
  for (const boost::json::value& item : *list) {
    if (const auto* text = item.if_string()) names.emplace_back(View(*text));
  }
  return names;
}

std::vector<OwnerReference> Object::owners() const {
  std::vector<OwnerReference> owners;
  const boost::json::object* metadata = GetObject(body_, "metadata");
  const boost::json::array* list = metadata ? GetArray(*metadata, "ownerReferences") : nullptr;
  if (list == nullptr) return owners;
  for (const boost::json::value& item : *list) {
    const boost::json::object* owner = item.if_object();
    if (owner == nullptr) continue;
    owners.push_back({MakeGvk(GetString(*owner, "apiVersion"), GetString(*owner, "kind")),
                      std::string(GetString(*owner, "name")), std::string(GetString(*owner, "uid")),
                      GetBool(*owner, "controller").value_or(false)});
  }
  return owners;
}

std::optional<std::string_view> Object::Annotation(std::string_view key) const {
  return MetadataEntry("annotations", key);
}

std::optional<std::string_view> Object::Label(std::string_view key) const {
  return MetadataEntry("labels", key);
}

std::string_view Object::MetadataString(std::string_view key) const {
  const boost::json::object* metadata = GetObject(body_, "metadata");
  return metadata == nullptr ? std::string_view() : GetString(*metadata, key);
}

std::optional<std::string_view> Object::MetadataEntry(std::string_view map,
                                                      std::string_view key) const {
  const boost::json::object* metadata = GetObject(body_, "metadata");
  const boost::json::object* entries = metadata ? GetObject(*metadata, map) : nullptr;
  const boost::json::value* value = entries ? Get(*entries, key) : nullptr;
  const boost::json::string* text = value ? value->if_string() : nullptr;
  if (text == nullptr) return std::nullopt;
  return View(*text);
}

}  // namespace slipway::kube
