#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/kube/object.h"

namespace slipway::kube {

// An object of a manifest and where it stands. A value.
struct ManifestObject {
  Object object = {};
  std::string file = {};
  int line = 0;  // from 1
  // False: neither the cluster nor these manifests know the kind, so the namespace is as written.
  bool scope_known = true;
};

// The objects of one file of YAML or JSON, in the order of the text: many documents, empty ones and
// those of comments only are nothing, lists (kind ...List with items) are taken apart. Scalars are
// read as kubectl reads them (yaml::Scalars::kKubernetes); duplicate keys are refused; aliases are
// allowed within a budget of values. Every object has apiVersion, kind, and a name or generateName;
// labels and annotations are strings.
//
// INVALID_ARGUMENT, reason MANIFEST_INVALID, "file:line: problem".
absl::StatusOr<std::vector<ManifestObject>> ReadManifest(std::string_view file,
                                                         std::string_view text);

enum class Scope { kNamespaced, kCluster };

// What makes objects fit for applying.
struct NormaliseOptions {
  // For namespaced objects that name none.
  std::string default_namespace = {};
  // Scope of a kind on the cluster; empty: the cluster doesn't know the kind. Kinds whose
  // CustomResourceDefinition is among the objects need not be known.
  std::function<std::optional<Scope>(const Gvk&)> scope = {};
  // Whether the object may go without a name: hooks only. Empty: none may.
  std::function<bool(const Object&)> may_generate_name = {};
};

// Brings the objects of all files of an app into the form in which they are applied and compared:
// namespaced ones get their namespace and cluster-scoped ones lose it; what only a server may say
// goes (status, managedFields, resourceVersion, uid, generation, timestamps); a Secret's stringData
// becomes data, since changes of data can't be seen otherwise; empty annotations and labels go,
// since each apply would write them anew. Two objects with one identity are refused, naming both
// places. Errors as ReadManifest.
absl::Status Normalise(std::vector<ManifestObject>& objects, const NormaliseOptions& options);

}  // namespace slipway::kube
