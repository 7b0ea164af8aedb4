#include "libs/kube/manifest.h"

#include <map>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/kube/errors.h"
#include "libs/yaml/parser.h"

namespace slipway::kube {
namespace {

// A file of custom resource definitions may have megabytes, and their schemas are deep.
constexpr yaml::Policy kPolicy = {.max_bytes = 32 << 20,
                                  .max_nodes = 2'000'000,
                                  .max_depth = 200,
                                  .aliases = true,
                                  .core_tags = true};

absl::Status AtFile(std::string_view file, const absl::Status& status) {
  int line = 0;
  std::string problem = MessageOf(status);
  for (const auto& [key, value] : DetailsOf(status).metadata) {
    if (key == "line") line = std::stoi(value);
    if (key == "problem") problem = value;
  }
  return InvalidManifest(file, line, problem);
}

const yaml::Node* Child(const yaml::Node& node, std::string_view key) {
  for (const yaml::Node::Entry& entry : node.entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string_view TextOf(const yaml::Node& node, std::string_view key) {
  const yaml::Node* child = Child(node, key);
  return child != nullptr && child->kind == yaml::Node::Kind::kScalar ? child->text
                                                                      : std::string_view();
}

bool IsNull(const yaml::Node& node) {
  return node.kind == yaml::Node::Kind::kScalar && node.plain &&
         yaml::ResolveKubernetesScalar(node.text).is_null();
}

std::string Shown(const boost::json::value& value) {
  return Truncate(boost::json::serialize(value), 60);
}

// Reads one file.
class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  absl::StatusOr<std::vector<ManifestObject>> Read(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    auto documents = yaml::Parse(text, kPolicy);
    if (!documents.ok()) return AtFile(file_, documents.status());
    for (const yaml::Document& document : *documents) {
      const yaml::Node& root = document.root();
      if (!IsNull(root)) SLIPWAY_RETURN_IF_ERROR(Add(root));
    }
    return std::move(objects_);
  }

 private:
  absl::Status Invalid(const yaml::Node& node, std::string_view problem) const {
    return InvalidManifest(file_, node.mark.line, problem);
  }

  absl::Status Add(const yaml::Node& node) {
    if (node.kind != yaml::Node::Kind::kMapping) {
      return Invalid(node, "an object must be a mapping with apiVersion, kind and metadata");
    }
    const yaml::Node* items = Child(node, "items");
    if (items != nullptr && TextOf(node, "kind").ends_with("List")) {
      if (IsNull(*items)) return absl::OkStatus();
      if (items->kind != yaml::Node::Kind::kSequence) {
        return Invalid(*items, "items must be a list of objects");
      }
      for (const yaml::Node& item : items->items) SLIPWAY_RETURN_IF_ERROR(Add(item));
      return absl::OkStatus();
    }
    ManifestObject object;
    object.file = file_;
    object.line = node.mark.line;
    // A copy of the subtree: documents hand out their JSON, nodes don't.
    object.object = Object(yaml::Document(node).ToJson(yaml::Scalars::kKubernetes).as_object());
    SLIPWAY_RETURN_IF_ERROR(Check(node, object.object));
    objects_.push_back(std::move(object));
    return absl::OkStatus();
  }

  absl::Status Check(const yaml::Node& node, const Object& object) const {
    for (const std::string_view key : {"apiVersion", "kind"}) {
      const boost::json::value* value = Get(object.body(), key);
      if (value == nullptr || value->is_null()) {
        return Invalid(node, std::string(key) + " is missing");
      }
      if (GetString(object.body(), key).empty()) {
        return Invalid(*Child(node, key), std::string(key) + " must be a text");
      }
    }
    const boost::json::object* metadata = GetObject(object.body(), "metadata");
    if (metadata == nullptr) return Invalid(node, "metadata is missing");
    const yaml::Node& place = *Child(node, "metadata");
    for (const std::string_view key : {"name", "generateName", "namespace"}) {
      const boost::json::value* value = Get(*metadata, key);
      if (value != nullptr && !value->is_null() && !value->is_string()) {
        return Invalid(*Child(place, key), "metadata." + std::string(key) + " is read as " +
                                               Shown(*value) + ", put it in quotes");
      }
    }
    if (object.name().empty() && GetString(*metadata, "generateName").empty()) {
      return Invalid(place, "metadata.name is missing");
    }
    for (const std::string_view key : {"labels", "annotations"}) {
      SLIPWAY_RETURN_IF_ERROR(CheckStrings(place, *metadata, key));
    }
    return absl::OkStatus();
  }

  absl::Status CheckStrings(const yaml::Node& metadata_node, const boost::json::object& metadata,
                            std::string_view key) const {
    const boost::json::value* value = Get(metadata, key);
    if (value == nullptr || value->is_null()) return absl::OkStatus();
    const yaml::Node* found = Child(metadata_node, key);
    const yaml::Node& node = found != nullptr ? *found : metadata_node;
    const std::string path = "metadata." + std::string(key);
    if (!value->is_object()) return Invalid(node, path + " must be a mapping of texts");
    for (const auto& [name, text] : value->get_object()) {
      if (text.is_string()) continue;
      const yaml::Node* child = Child(node, std::string(name));
      return Invalid(child != nullptr ? *child : node, path + "." + std::string(name) +
                                                           " is read as " + Shown(text) +
                                                           ", it must be a text: put it in quotes");
    }
    return absl::OkStatus();
  }

  const std::string file_;
  std::vector<ManifestObject> objects_;
};

void Erase(boost::json::object& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) object.erase(JsonView(key));
}

bool IsEmpty(const boost::json::value& value) {
  return value.is_null() || (value.is_object() && value.get_object().empty());
}

boost::json::object& MetadataOf(boost::json::object& body) {
  boost::json::value& metadata = body["metadata"];
  return metadata.is_object() ? metadata.get_object() : metadata.emplace_object();
}

void StripServerFields(boost::json::object& body) {
  body.erase("status");
  boost::json::object& metadata = MetadataOf(body);
  Erase(metadata, {"managedFields", "resourceVersion", "uid", "generation", "selfLink",
                   "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"});
  for (const std::string_view key : {"annotations", "labels", "namespace", "name"}) {
    const boost::json::value* value = Get(metadata, key);
    if (value != nullptr &&
        (IsEmpty(*value) || (value->is_string() && GetString(metadata, key).empty()))) {
      metadata.erase(JsonView(key));
    }
  }
  // What generators of code leave in pod templates.
  boost::json::value* spec = body.if_contains("spec");
  boost::json::value* pod =
      spec && spec->is_object() ? spec->get_object().if_contains("template") : nullptr;
  boost::json::value* meta =
      pod && pod->is_object() ? pod->get_object().if_contains("metadata") : nullptr;
  if (meta == nullptr || !meta->is_object()) return;
  const boost::json::value* created = meta->get_object().if_contains("creationTimestamp");
  if (created != nullptr && created->is_null()) meta->get_object().erase("creationTimestamp");
}

absl::Status MergeStringData(ManifestObject& item) {
  boost::json::object& body = item.object.body();
  if (item.object.kind() != "Secret" || item.object.api_version() != "v1") return absl::OkStatus();
  const boost::json::value* given = body.if_contains("stringData");
  if (given == nullptr) return absl::OkStatus();
  if (!given->is_null() && !given->is_object()) {
    return InvalidManifest(item.file, item.line, "stringData must be a mapping of texts");
  }
  if (given->is_object() && !given->get_object().empty()) {
    const boost::json::object texts = given->get_object();
    boost::json::value& data = body["data"];
    if (data.is_null()) data.emplace_object();
    if (!data.is_object()) {
      return InvalidManifest(item.file, item.line, "data must be a mapping of texts");
    }
    for (const auto& [key, value] : texts) {
      if (!value.is_string()) {
        return InvalidManifest(
            item.file, item.line,
            "stringData." + std::string(key) + " must be a text: put it in quotes");
      }
      data.get_object()[key] = Base64Encode(View(value.get_string()));
    }
  }
  body.erase("stringData");
  return absl::OkStatus();
}

// Scopes of the kinds that are defined among the objects themselves.
std::map<std::pair<std::string, std::string>, Scope> DefinedScopes(
    const std::vector<ManifestObject>& objects) {
  std::map<std::pair<std::string, std::string>, Scope> scopes;
  for (const ManifestObject& item : objects) {
    if (item.object.kind() != "CustomResourceDefinition") continue;
    const boost::json::object* spec = GetObject(item.object.body(), "spec");
    const boost::json::object* names = spec ? GetObject(*spec, "names") : nullptr;
    if (names == nullptr) continue;
    scopes[{std::string(GetString(*spec, "group")), std::string(GetString(*names, "kind"))}] =
        GetString(*spec, "scope") == "Cluster" ? Scope::kCluster : Scope::kNamespaced;
  }
  return scopes;
}

}  // namespace

absl::StatusOr<std::vector<ManifestObject>> ReadManifest(std::string_view file,
                                                         std::string_view text) {
  return Reader(file).Read(text);
}

absl::Status Normalise(std::vector<ManifestObject>& objects, const NormaliseOptions& options) {
  const auto defined = DefinedScopes(objects);
  std::map<ObjectId, const ManifestObject*> seen;
  for (ManifestObject& item : objects) {
    const Gvk gvk = item.object.gvk();
    StripServerFields(item.object.body());
    SLIPWAY_RETURN_IF_ERROR(MergeStringData(item));

    std::optional<Scope> scope;
    if (const auto found = defined.find({gvk.group, gvk.kind}); found != defined.end()) {
      scope = found->second;
    } else if (options.scope) {
      scope = options.scope(gvk);
    }
    item.scope_known = scope.has_value();
    boost::json::object& metadata = MetadataOf(item.object.body());
    if (scope == Scope::kCluster) metadata.erase("namespace");
    if (scope == Scope::kNamespaced && item.object.ns().empty()) {
      if (options.default_namespace.empty()) {
        return InvalidManifest(item.file, item.line,
                               gvk.kind + " " + std::string(item.object.name()) +
                                   " needs a namespace, and there is no default");
      }
      metadata["namespace"] = options.default_namespace;
    }

    if (item.object.name().empty()) {
      if (!options.may_generate_name || !options.may_generate_name(item.object)) {
        return InvalidManifest(item.file, item.line,
                               "metadata.generateName is for hooks only, since the object would "
                               "be created anew at each sync: give it a name");
      }
      continue;
    }
    const auto [earlier, is_new] = seen.emplace(item.object.id(), &item);
    if (!is_new) {
      return InvalidManifest(item.file, item.line,
                             Describe(item.object.id()) + " is given twice, first in " +
                                 earlier->second->file + ":" +
                                 std::to_string(earlier->second->line));
    }
  }
  return absl::OkStatus();
}

}  // namespace slipway::kube
