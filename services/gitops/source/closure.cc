#include "services/gitops/source/closure.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/gitops/source/chart.h"
#include "services/gitops/source/errors.h"
#include "services/gitops/source/kustomization.h"

namespace slipway::gitops {
namespace {

constexpr size_t kMaxKustomizations = 500;

std::string Below(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string Shown(const std::string& path) { return path.empty() ? "." : path; }

bool IsManifest(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

// Whether a part of the path below `root` starts with a dot.
bool IsHidden(std::string_view path, size_t root) {
  for (const std::string& part : Split(path.substr(root), '/')) {
    if (part.starts_with('.')) return true;
  }
  return false;
}

// The kustomization in a folder; an empty path: there is none.
absl::StatusOr<SourceFile> KustomizationIn(const SourceTree& tree, const std::string& folder) {
  for (const std::string_view name : kKustomizationNames) {
    const std::string path = Below(folder, name);
    SLIPWAY_ASSIGN_OR_RETURN(const SourceTree::Entry entry, tree.Find(path));
    if (entry.kind == SourceTree::Kind::kFile) return SourceFile{path, entry.id};
  }
  return SourceFile{};
}

class KustomizeClosure {
 public:
  explicit KustomizeClosure(const SourceTree& tree) : tree_(tree) {}

  absl::Status AddFolder(const std::string& folder, const SourceFile& file) {
    if (!seen_.insert(folder).second) return absl::OkStatus();
    if (seen_.size() > kMaxKustomizations)
      return RenderLimit("more than " + std::to_string(kMaxKustomizations) + " kustomizations");
    AddFile(file);
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, tree_.Read(file));
    SLIPWAY_ASSIGN_OR_RETURN(const auto content, ParseKustomization(file.path, text));
    SLIPWAY_ASSIGN_OR_RETURN(const KustomizationRefs refs, FindRefs(file.path, content));
    if (refs.whole_folder) {
      SLIPWAY_ASSIGN_OR_RETURN(const auto below, tree_.ListBelow(folder));
      for (const SourceFile& one : below) AddFile(one);
    }
    for (const std::string& ref : refs.files)
      SLIPWAY_RETURN_IF_ERROR(AddRef(file.path, folder, ref, /*folders=*/false));
    for (const std::string& ref : refs.files_or_folders)
      SLIPWAY_RETURN_IF_ERROR(AddRef(file.path, folder, ref, /*folders=*/true));
    return absl::OkStatus();
  }

  std::vector<SourceFile> Take() {
    std::vector<SourceFile> files;
    for (auto& [path, id] : files_) files.push_back({path, id});
    return files;
  }

 private:
  absl::Status AddRef(const std::string& from, const std::string& folder, const std::string& ref,
                      bool folders) {
    const auto path = SourceTree::Join(folder, ref);
    if (!path.ok()) {
      return LooksRemote(ref) ? Remote(from, ref) : SourceInvalid(from, MessageOf(path.status()));
    }
    SLIPWAY_ASSIGN_OR_RETURN(const SourceTree::Entry entry, tree_.Find(*path));
    if (entry.kind == SourceTree::Kind::kFile) {
      AddFile({*path, entry.id});
      return absl::OkStatus();
    }
    if (entry.kind == SourceTree::Kind::kNothing) {
      if (LooksRemote(ref)) return Remote(from, ref);
      return SourceInvalid(from, "\"" + ref + "\" is not in the repository");
    }
    if (!folders) return SourceInvalid(from, "\"" + ref + "\" is a folder");
    SLIPWAY_ASSIGN_OR_RETURN(const SourceFile next, KustomizationIn(tree_, *path));
    if (next.path.empty())
      return SourceInvalid(from, "the folder \"" + ref + "\" has no kustomization.yaml");
    return AddFolder(*path, next);
  }

  static absl::Status Remote(const std::string& from, const std::string& ref) {
    return SourceRemote(from, "\"" + ref + "\"", "put a copy of it into the repository");
  }

  void AddFile(const SourceFile& file) { files_[file.path] = file.id; }

  const SourceTree& tree_;
  std::set<std::string> seen_;
  std::map<std::string, std::string> files_;
};

absl::Status AddPlain(const SourceTree& tree, Closure& closure) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto below, tree.ListBelow(closure.root));
  const size_t skip = closure.root.empty() ? 0 : closure.root.size() + 1;
  for (const SourceFile& file : below) {
    if (IsHidden(file.path, skip)) continue;
    const std::string name =
        file.path.substr(FolderOf(file.path).empty() ? 0 : FolderOf(file.path).size() + 1);
    const bool other = name == "Chart.yaml" ||
                       std::find(std::begin(kKustomizationNames), std::end(kKustomizationNames),
                                 name) != std::end(kKustomizationNames);
    if (other) {
      return SourceInvalid(file.path,
                           "stands below plain manifests; let spec.deploy.path be its "
                           "own folder");
    }
    if (IsManifest(name)) closure.files.push_back(file);
  }
  return absl::OkStatus();
}

// Every chart that `closure.entry` asks for is in its folder charts/.
absl::Status CheckDependencies(const SourceTree& tree, const Closure& closure) {
  std::vector<ChartDependency> needed;
  std::set<std::string> there;
  const std::string charts = Below(closure.root, "charts") + "/";
  for (const SourceFile& file : closure.files) {
    const bool own =
        file.path == closure.entry.path || file.path == Below(closure.root, "requirements.yaml");
    const std::string_view rest =
        file.path.starts_with(charts) ? std::string_view(file.path).substr(charts.size()) : "";
    const size_t slash = rest.find('/');
    const bool vendored = slash != std::string_view::npos && rest.substr(slash) == "/Chart.yaml";
    if (slash == std::string_view::npos && rest.ends_with(".tgz")) there.emplace(rest);
    if (!own && !vendored) continue;
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, tree.Read(file));
    SLIPWAY_ASSIGN_OR_RETURN(const auto content, ParseChartFile(file.path, text));
    if (vendored)
      there.emplace(boost::json::serialize(content.contains("name") ? content.at("name")
                                                                    : boost::json::value()));
    if (!own) continue;
    for (ChartDependency& dependency : DependenciesOf(content))
      needed.push_back(std::move(dependency));
  }
  for (const ChartDependency& dependency : needed) {
    const std::string quoted = boost::json::serialize(boost::json::value(dependency.name));
    const bool found = std::any_of(there.begin(), there.end(), [&](const std::string& name) {
      return name == quoted || (name.starts_with(dependency.name + "-") && name.ends_with(".tgz"));
    });
    if (found) continue;
    return SourceRemote(closure.entry.path,
                        "chart \"" + dependency.name + "\" of " + dependency.repository,
                        "vendor it: run \"helm dependency update\" and commit the folder charts/");
  }
  return absl::OkStatus();
}

absl::Status AddChart(const SourceTree& tree, const SourceRequest& request, Closure& closure) {
  SLIPWAY_ASSIGN_OR_RETURN(closure.files, tree.ListBelow(closure.root));
  for (const std::string& name : request.values_files) {
    const auto path = SourceTree::Join(closure.root, name);
    if (!path.ok()) return SourceInvalid("spec.deploy.helm.valuesFiles", MessageOf(path.status()));
    SLIPWAY_ASSIGN_OR_RETURN(const SourceTree::Entry entry, tree.Find(*path));
    if (entry.kind != SourceTree::Kind::kFile) {
      return SourceInvalid("spec.deploy.helm.valuesFiles",
                           "there is no file \"" + *path + "\" in this commit");
    }
    closure.values_files.push_back(*path);
    closure.files.push_back({*path, entry.id});
  }
  std::sort(closure.files.begin(), closure.files.end());
  closure.files.erase(std::unique(closure.files.begin(), closure.files.end()), closure.files.end());
  return CheckDependencies(tree, closure);
}

}  // namespace

absl::StatusOr<Closure> FindClosure(const SourceTree& tree, const SourceRequest& request) {
  Closure closure;
  SLIPWAY_ASSIGN_OR_RETURN(closure.root, SourceTree::Join("", request.path));
  SLIPWAY_ASSIGN_OR_RETURN(const SourceTree::Entry top, tree.Find(closure.root));
  if (top.kind == SourceTree::Kind::kNothing) return SourceNotFound(request.path);
  if (top.kind == SourceTree::Kind::kFile) {
    if (!IsManifest(closure.root))
      return SourceInvalid(closure.root, "is neither a folder nor a file of YAML or JSON");
    closure.files = {{closure.root, top.id}};
    return closure;
  }
  const std::string chart = Below(closure.root, "Chart.yaml");
  SLIPWAY_ASSIGN_OR_RETURN(const SourceTree::Entry chart_entry, tree.Find(chart));
  if (chart_entry.kind == SourceTree::Kind::kFile) {
    closure.kind = SourceKind::kHelm;
    closure.entry = {chart, chart_entry.id};
    SLIPWAY_RETURN_IF_ERROR(AddChart(tree, request, closure));
    return closure;
  }
  SLIPWAY_ASSIGN_OR_RETURN(closure.entry, KustomizationIn(tree, closure.root));
  if (!closure.entry.path.empty()) {
    closure.kind = SourceKind::kKustomize;
    KustomizeClosure kustomize(tree);
    SLIPWAY_RETURN_IF_ERROR(kustomize.AddFolder(closure.root, closure.entry));
    closure.files = kustomize.Take();
    return closure;
  }
  SLIPWAY_RETURN_IF_ERROR(AddPlain(tree, closure));
  if (closure.files.empty()) return RenderEmpty(Shown(closure.root));
  return closure;
}

}  // namespace slipway::gitops
