#pragma once

#include <boost/json.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace slipway::kube {

// Identity of an object on a cluster: the version is no part of it, since a cluster converts
// between versions. `group` is empty for the core group, `ns` for cluster-scoped objects. A value.
struct ObjectId {
  std::string group = {}, kind = {}, ns = {}, name = {};
  auto operator<=>(const ObjectId&) const = default;
};

// "Deployment shop/api", "ClusterRole reader"; with the group only where the kind alone doesn't say
// it to everyone, which is for all kinds that Kubernetes doesn't bring itself:
// "Certificate.cert-manager.io shop/api".
std::string Describe(const ObjectId& id);

// True for the API groups that Kubernetes brings itself, like "", "apps" and
// "rbac.authorization.k8s.io".
bool IsBuiltInGroup(std::string_view group);

// Type of an object: apiVersion "apps/v1" is group "apps" and version "v1"; "v1" is the core group
// "". A value.
struct Gvk {
  std::string group = {}, version = {}, kind = {};
  auto operator<=>(const Gvk&) const = default;
  std::string api_version() const;  // "apps/v1", "v1"
};

// Takes an apiVersion apart.
Gvk MakeGvk(std::string_view api_version, std::string_view kind);

// Identity of another object's owner, from metadata.ownerReferences. A value.
struct OwnerReference {
  Gvk gvk = {};
  std::string name = {};
  std::string uid = {};
  bool controller = false;
};

// An object as JSON, desired or live, with the fields that everybody asks for. What is missing or
// of another type reads as empty, so that a strange object never does harm. A value; const calls
// are thread-safe.
class Object {
 public:
  Object() = default;
  explicit Object(boost::json::object body) : body_(std::move(body)) {}

  const boost::json::object& body() const { return body_; }
  boost::json::object& body() { return body_; }

  Gvk gvk() const;
  ObjectId id() const;
  std::string_view api_version() const;
  std::string_view kind() const;
  std::string_view name() const;
  std::string_view ns() const;

  std::optional<std::string_view> Annotation(std::string_view key) const;
  std::optional<std::string_view> Label(std::string_view key) const;

  std::string_view uid() const;
  std::string_view resource_version() const;
  int64_t generation() const;  // 0: the kind has none
  bool deleting() const;       // a deletion timestamp is set
  absl::Time created() const;  // InfinitePast: unknown
  std::vector<std::string> finalizers() const;
  std::vector<OwnerReference> owners() const;

 private:
  std::string_view MetadataString(std::string_view key) const;
  std::optional<std::string_view> MetadataEntry(std::string_view map, std::string_view key) const;

  boost::json::object body_;
};

// Reading JSON by steps, for keys with dots in them. Null, or empty, where anything on the way is
// missing or of another type.
const boost::json::value* Get(const boost::json::object& object, std::string_view key);
const boost::json::object* GetObject(const boost::json::object& object, std::string_view key);
const boost::json::array* GetArray(const boost::json::object& object, std::string_view key);
std::string_view GetString(const boost::json::object& object, std::string_view key);
std::optional<int64_t> GetInt(const boost::json::object& object, std::string_view key);
std::optional<bool> GetBool(const boost::json::object& object, std::string_view key);

// A string of JSON as a view, and back.
inline std::string_view View(const boost::json::string& s) { return {s.data(), s.size()}; }
inline boost::json::string_view JsonView(std::string_view s) { return {s.data(), s.size()}; }

}  // namespace slipway::kube
