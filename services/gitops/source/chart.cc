#include "services/gitops/source/chart.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/kube/object.h"
#include "libs/yaml/parser.h"
#include "services/gitops/source/errors.h"
#include "services/gitops/source/image_parts.h"

namespace slipway::gitops {
namespace {

namespace json = boost::json;

constexpr yaml::Policy kPolicy = {
    .max_bytes = 4 << 20, .max_nodes = 500'000, .aliases = true, .core_tags = true};

// The value at `keys`, or null.
const json::value* FindValue(const json::object& values, const std::vector<std::string>& keys) {
  const json::object* object = &values;
  const json::value* found = nullptr;
  for (const std::string& key : keys) {
    if (object == nullptr) return nullptr;
    found = kube::Get(*object, key);
    object = found != nullptr && found->is_object() ? &found->get_object() : nullptr;
  }
  return found;
}

absl::Status SetValue(const std::string& path, json::value value, json::object& values) {
  const std::vector<std::string> keys = SplitValuesPath(path);
  json::object* object = &values;
  for (size_t i = 0; i + 1 < keys.size(); ++i) {
    json::value& next = (*object)[keys[i]];
    if (next.is_null()) next = json::object();
    if (!next.is_object()) {
      return SourceInvalid("spec.deploy.helm.values",
                           "\"" + path + "\" goes through a value that is set as well");
    }
    object = &next.get_object();
  }
  (*object)[keys.back()] = std::move(value);
  return absl::OkStatus();
}

// A tag that stands for a digest: "abc@sha256:...".
std::string TagOf(const ImageParts& parts) {
  const size_t colon = parts.digest.find(':');
  return parts.digest.substr(colon == std::string::npos ? 0 : colon + 1, 12) + "@" + parts.digest;
}

json::value ImageValue(const json::value* own, std::string_view image) {
  const ImageParts parts = SplitImage(image);
  if (own == nullptr || !own->is_object()) return kube::JsonView(image);
  const json::object& shape = own->get_object();
  json::object value;
  if (shape.contains("registry")) {
    value["registry"] = parts.host;
    value[shape.contains("name") && !shape.contains("repository") ? "name" : "repository"] =
        parts.repository;
  } else {
    value[shape.contains("name") && !shape.contains("repository") ? "name" : "repository"] =
        parts.name;
  }
  if (shape.contains("digest")) {
    value["digest"] = parts.digest;
  } else {
    value["tag"] = TagOf(parts);
  }
  return value;
}

}  // namespace

absl::StatusOr<json::object> ParseChartFile(std::string_view path, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto documents = yaml::Parse(text, kPolicy);
  if (!documents.ok()) return SourceInvalid(path, MessageOf(documents.status()));
  if (documents->empty()) return json::object();
  json::value value = documents->front().ToJson(yaml::Scalars::kKubernetes);
  if (value.is_null()) return json::object();
  if (!value.is_object()) return SourceInvalid(path, "is not a mapping");
  return std::move(value.get_object());
}

std::vector<ChartDependency> DependenciesOf(const json::object& chart_file) {
  std::vector<ChartDependency> found;
  const json::array* list = kube::GetArray(chart_file, "dependencies");
  if (list == nullptr) return found;
  for (const json::value& item : *list) {
    if (!item.is_object()) continue;
    found.push_back({std::string(kube::GetString(item.get_object(), "name")),
                     std::string(kube::GetString(item.get_object(), "repository"))});
  }
  return found;
}

std::vector<std::string> SplitValuesPath(std::string_view path) {
  std::vector<std::string> keys(1);
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\' && i + 1 < path.size() && path[i + 1] == '.') {
      keys.back().push_back(path[++i]);
    } else if (path[i] == '.') {
      keys.emplace_back();
    } else {
      keys.back().push_back(path[i]);
    }
  }
  return keys;
}

json::value ReadValue(std::string_view text) {
  const json::value as_text = kube::JsonView(text);
  if (Trim(text).empty() || text.find('\n') != std::string_view::npos) return as_text;
  const auto documents = yaml::Parse(text);
  if (!documents.ok() || documents->size() != 1) return as_text;
  return documents->front().ToJson();
}

absl::StatusOr<json::object> MakeValues(const json::object& own,
                                        const std::map<std::string, std::string>& set,
                                        std::string_view image_key, std::string_view image) {
  json::object values;
  for (const auto& [path, text] : set)
    SLIPWAY_RETURN_IF_ERROR(SetValue(path, ReadValue(text), values));
  if (image.empty()) return values;
  const std::string key(image_key.empty() ? "image" : image_key);
  json::value value = ImageValue(FindValue(own, SplitValuesPath(key)), image);
  // Other values of the image, like its pull policy, stay.
  const json::value* given = FindValue(values, SplitValuesPath(key));
  if (given != nullptr && given->is_object() && value.is_object()) {
    json::object merged = given->get_object();
    MergeValues(value.get_object(), merged);
    value = std::move(merged);
  }
  SLIPWAY_RETURN_IF_ERROR(SetValue(key, std::move(value), values));
  return values;
}

void MergeValues(const json::object& over, json::object& base) {
  for (const auto& [key, value] : over) {
    json::value& old = base[key];
    if (value.is_object() && old.is_object()) {
      MergeValues(value.get_object(), old.get_object());
    } else {
      old = value;
    }
  }
}

}  // namespace slipway::gitops
