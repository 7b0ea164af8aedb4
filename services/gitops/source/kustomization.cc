#include "services/gitops/source/kustomization.h"

#include <algorithm>
#include <set>

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

constexpr yaml::Policy kPolicy = {.max_nodes = 100'000, .aliases = true, .core_tags = true};

// Fields that refer to nothing.
constexpr std::string_view kPlainFields[] = {
    "apiVersion",  "kind",   "metadata",      "namespace",         "namePrefix",
    "nameSuffix",  "images", "replicas",      "commonLabels",      "labels",
    "sortOptions", "vars",   "buildMetadata", "commonAnnotations", "generatorOptions",
    "inventory"};

std::string_view Text(const json::value& value) {
  return value.is_string() ? kube::View(value.get_string()) : std::string_view();
}

// Many fields take a path or the thing itself, which never fits on one line of a path.
bool IsInline(std::string_view text) { return text.find('\n') != std::string_view::npos; }

class RefFinder {
 public:
  explicit RefFinder(std::string_view path) : path_(path) {}

  absl::StatusOr<KustomizationRefs> Find(const json::object& kustomization) {
    for (const auto& [key, value] : kustomization)
      SLIPWAY_RETURN_IF_ERROR(Field(std::string_view(key.data(), key.size()), value));
    return std::move(refs_);
  }

 private:
  absl::Status Field(std::string_view key, const json::value& value) {
    if (value.is_null()) return absl::OkStatus();
    if (std::find(std::begin(kPlainFields), std::end(kPlainFields), key) != std::end(kPlainFields))
      return absl::OkStatus();
    if (key == "resources" || key == "bases" || key == "components")
      return Texts(key, value, refs_.files_or_folders);
    if (key == "crds" || key == "configurations" || key == "patchesStrategicMerge")
      return Texts(key, value, refs_.files);
    if (key == "patches" || key == "patchesJson6902" || key == "replacements")
      return Members(key, value, {"path"});
    if (key == "configMapGenerator" || key == "secretGenerator")
      return Members(key, value, {"files", "envs", "env"});
    if (key == "openapi") return Member(value, "path");
    if (key == "helmCharts" || key == "helmChartInflationGenerator") {
      return SourceInvalid(path_, std::string(key) +
                                      " is not supported: let spec.deploy.path be "
                                      "the chart, vendored in the repository");
    }
    if (key == "helmGlobals") return absl::OkStatus();
    // Generators and transformers are configurations that name files in their own ways.
    refs_.whole_folder = true;
    if (key == "generators" || key == "transformers" || key == "validators")
      return Texts(key, value, refs_.files_or_folders);
    return absl::OkStatus();
  }

  absl::Status Texts(std::string_view key, const json::value& value,
                     std::vector<std::string>& refs) {
    if (!value.is_array()) return SourceInvalid(path_, std::string(key) + " is not a list");
    for (const json::value& item : value.get_array()) {
      if (!item.is_string())
        return SourceInvalid(path_, std::string(key) + " has an entry that is no path");
      if (!IsInline(Text(item))) refs.emplace_back(Text(item));
    }
    return absl::OkStatus();
  }

  absl::Status Members(std::string_view key, const json::value& value,
                       const std::vector<std::string_view>& members) {
    if (!value.is_array()) return SourceInvalid(path_, std::string(key) + " is not a list");
    for (const json::value& item : value.get_array()) {
      for (const std::string_view member : members) SLIPWAY_RETURN_IF_ERROR(Member(item, member));
    }
    return absl::OkStatus();
  }

  absl::Status Member(const json::value& item, std::string_view member) {
    if (!item.is_object()) return absl::OkStatus();
    const json::value* value = kube::Get(item.get_object(), member);
    if (value == nullptr) return absl::OkStatus();
    if (value->is_array()) {
      for (const json::value& file : value->get_array()) AddFile(Text(file), member == "files");
    } else {
      AddFile(Text(*value), false);
    }
    return absl::OkStatus();
  }

  // Generators write KEY=PATH.
  void AddFile(std::string_view ref, bool with_key) {
    if (const size_t equals = ref.find('='); with_key && equals != std::string_view::npos)
      ref.remove_prefix(equals + 1);
    if (!ref.empty() && !IsInline(ref)) refs_.files.emplace_back(ref);
  }

  std::string_view path_;
  KustomizationRefs refs_;
};

void SetEntry(json::array& images, std::string_view name, const ImageParts& parts) {
  auto entry = std::find_if(images.begin(), images.end(), [&](const json::value& item) {
    return item.is_object() && kube::GetString(item.get_object(), "name") == name;
  });
  if (entry == images.end()) entry = images.insert(images.end(), json::object());
  json::object& object = entry->get_object();
  object["name"] = kube::JsonView(name);
  object["newName"] = parts.name;
  object["digest"] = parts.digest;
  object.erase("newTag");
}

}  // namespace

absl::StatusOr<json::object> ParseKustomization(std::string_view path, std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto documents = yaml::Parse(text, kPolicy);
  if (!documents.ok()) return SourceInvalid(path, MessageOf(documents.status()));
  if (documents->size() != 1) return SourceInvalid(path, "is not one document");
  json::value value = documents->front().ToJson(yaml::Scalars::kKubernetes);
  if (!value.is_object()) return SourceInvalid(path, "is not a mapping");
  return std::move(value.get_object());
}

absl::StatusOr<KustomizationRefs> FindRefs(std::string_view path,
                                           const json::object& kustomization) {
  return RefFinder(path).Find(kustomization);
}

bool LooksRemote(std::string_view ref) {
  if (ref.find("://") != std::string_view::npos || ref.find("?ref=") != std::string_view::npos ||
      ref.find("?version=") != std::string_view::npos || ref.find("git::") == 0) {
    return true;
  }
  // github.com/org/repo//path, git@host:repo
  const std::string_view first = ref.substr(0, ref.find('/'));
  return first.find('@') != std::string_view::npos || first.find(':') != std::string_view::npos ||
         (first.find('.') != std::string_view::npos && first.front() != '.' &&
          first.size() < ref.size());
}

absl::Status SetImage(std::string_view path, std::string_view name, std::string_view image,
                      json::object& kustomization) {
  json::value& value = kustomization["images"];
  if (value.is_null()) value = json::array();
  if (!value.is_array()) return SourceInvalid(path, "images is not a list");
  json::array& images = value.get_array();
  const ImageParts parts = SplitImage(image);
  if (!name.empty()) {
    SetEntry(images, name, parts);
  } else if (images.size() == 1 && images[0].is_object()) {
    SetEntry(images, std::string(kube::GetString(images[0].get_object(), "name")), parts);
  } else {
    SetEntry(images, parts.name, parts);
    if (parts.repository != parts.name) SetEntry(images, parts.repository, parts);
  }
  return absl::OkStatus();
}

}  // namespace slipway::gitops
