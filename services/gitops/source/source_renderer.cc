#include "services/gitops/source/source_renderer.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/kube/manifest.h"
#include "libs/kube/object.h"
#include "services/gitops/source/chart.h"
#include "services/gitops/source/errors.h"
#include "services/gitops/source/kustomization.h"
#include "services/gitops/source/setters.h"

namespace slipway::gitops {
namespace {

constexpr size_t kMaxObjects = 10'000;
constexpr char kOutputFile[] = "manifests.yaml";
constexpr char kValuesFile[] = "slipway-values.json";

// Parts of a key; each with its length, so that no two lists give the same text.
class KeyText {
 public:
  void Add(std::string_view part) {
    text_.append(std::to_string(part.size())).append(":").append(part);
  }
  void Add(const std::map<std::string, std::string>& map) {
    Add(std::to_string(map.size()));
    for (const auto& [name, value] : map) {
      Add(name);
      Add(value);
    }
  }
  std::string Hash() const { return Sha256Hex(text_); }

 private:
  std::string text_;
};

absl::Status WriteNewFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  return file ? absl::OkStatus() : absl::UnavailableError("could not write " + path);
}

std::string PathOf(const std::string& folder) {
  return std::string(SandboxedTool::kFolder) + "/source" + (folder.empty() ? "" : "/" + folder);
}

// The files of a closure in a folder of this machine. Its paths are those of a git tree, checked by
// SourceTree, and there are no links among them.
absl::Status Export(const SourceTree& tree, const Closure& closure, const std::string& folder,
                    const std::string& replaced_path, const std::string& replaced_text) {
  size_t bytes = 0;
  std::set<std::string> made;
  for (const SourceFile& file : closure.files) {
    SLIPWAY_ASSIGN_OR_RETURN(std::string text, tree.Read(file));
    if (file.path == replaced_path) text = replaced_text;
    bytes += text.size();
    if (bytes > kMaxSourceBytes) {
      return RenderLimit("what is read at " + closure.root + " has more than " +
                         std::to_string(kMaxSourceBytes >> 20) + " MiB");
    }
    const std::filesystem::path path = std::filesystem::path(folder) / "source" / file.path;
    if (made.insert(path.parent_path().string()).second)
      SLIPWAY_RETURN_IF_ERROR(MakeDirectories(path.parent_path().string()));
    SLIPWAY_RETURN_IF_ERROR(WriteNewFile(path.string(), text));
  }
  return absl::OkStatus();
}

// What is rendered is read once here, so that whatever the tool wrote is either a list of objects
// or an error, and never silence.
absl::Status CheckObjects(const std::vector<Manifest>& manifests, const std::string& path) {
  size_t objects = 0;
  for (const Manifest& manifest : manifests) {
    SLIPWAY_ASSIGN_OR_RETURN(const auto read, kube::ReadManifest(manifest.file, manifest.text));
    objects += read.size();
    if (objects > kMaxObjects)
      return RenderLimit("more than " + std::to_string(kMaxObjects) + " objects");
  }
  return objects == 0 ? RenderEmpty(path.empty() ? "." : path) : absl::OkStatus();
}

absl::Status CheckImage(const RenderedSource& rendered, const SourceRequest& request) {
  if (request.image.empty()) return absl::OkStatus();
  const std::string digest = request.image.substr(request.image.find('@') + 1);
  for (const Manifest& manifest : rendered.manifests) {
    if (manifest.text.find(digest) != std::string::npos) return absl::OkStatus();
  }
  switch (rendered.kind) {
    case SourceKind::kPlain:
      return ImageNotUsed(
          request.image, "mark its place in a manifest by the comment # {\"$slipway\": \"image\"}");
    case SourceKind::kKustomize:
      return ImageNotUsed(
          request.image, "no manifest names the image that spec.deploy.kustomize.image stands for");
    case SourceKind::kHelm:
      break;
  }
  return ImageNotUsed(request.image,
                      "the chart does not use the value that spec.deploy.helm.imageKey names");
}

absl::StatusOr<std::vector<Manifest>> RenderPlain(const SourceTree& tree, const Closure& closure,
                                                  const SourceRequest& request) {
  const SetterValues values{.image = request.image,
                            .k8s_namespace = request.k8s_namespace,
                            .environment = request.where.environment,
                            .env = request.env};
  std::vector<Manifest> manifests;
  std::set<std::string> names;
  size_t bytes = 0;
  for (const SourceFile& file : closure.files) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, tree.Read(file));
    bytes += text.size();
    if (bytes > kMaxSourceBytes) return RenderLimit("the manifests have too many bytes");
    const bool single = file.path == closure.root;
    const size_t skip =
        single ? file.path.rfind('/') + 1 : closure.root.size() + (closure.root.empty() ? 0 : 1);
    // Folders of the desired state are flat.
    std::string name = file.path.substr(skip);
    for (char& c : name) c = c == '/' ? '_' : c;
    while (!names.insert(name).second) name = "_" + name;
    SLIPWAY_ASSIGN_OR_RETURN(std::string set, ApplySetters(file.path, text, values));
    manifests.push_back({std::move(name), std::move(set)});
  }
  return manifests;
}

absl::StatusOr<std::vector<Manifest>> RenderKustomization(SandboxedTool& tool,
                                                          const SourceTree& tree,
                                                          const Closure& closure,
                                                          const SourceRequest& request,
                                                          const std::stop_token& stop) {
  std::string kustomization;
  if (!request.image.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, tree.Read(closure.entry));
    SLIPWAY_ASSIGN_OR_RETURN(auto content, ParseKustomization(closure.entry.path, text));
    SLIPWAY_RETURN_IF_ERROR(
        SetImage(closure.entry.path, request.kustomize_image, request.image, content));
    kustomization = boost::json::serialize(content);
  }
  SLIPWAY_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("slipway-render-"));
  SLIPWAY_RETURN_IF_ERROR(Export(tree, closure, folder.path(),
                                 request.image.empty() ? "" : closure.entry.path, kustomization));
  SLIPWAY_ASSIGN_OR_RETURN(
      std::string output,
      tool.Run({"build", PathOf(closure.root), "--load-restrictor", "LoadRestrictionsRootOnly"},
               folder.path(), stop));
  return std::vector<Manifest>{{kOutputFile, std::move(output)}};
}

// The chart's values with those of the files over them, as far as the image's form needs it.
absl::StatusOr<boost::json::object> OwnValues(const SourceTree& tree, const Closure& closure) {
  boost::json::object own;
  std::vector<std::string> paths = {closure.root.empty() ? "values.yaml"
                                                         : closure.root + "/values.yaml"};
  paths.insert(paths.end(), closure.values_files.begin(), closure.values_files.end());
  for (const std::string& path : paths) {
    for (const SourceFile& file : closure.files) {
      if (file.path != path) continue;
      SLIPWAY_ASSIGN_OR_RETURN(const std::string text, tree.Read(file));
      SLIPWAY_ASSIGN_OR_RETURN(const auto values, ParseChartFile(path, text));
      MergeValues(values, own);
    }
  }
  return own;
}

absl::StatusOr<std::vector<Manifest>> RenderChart(SandboxedTool& tool, const SourceTree& tree,
                                                  const Closure& closure,
                                                  const SourceRequest& request,
                                                  const std::stop_token& stop) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto own, OwnValues(tree, closure));
  SLIPWAY_ASSIGN_OR_RETURN(const auto values,
                           MakeValues(own, request.values, request.image_key, request.image));
  SLIPWAY_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("slipway-render-"));
  SLIPWAY_RETURN_IF_ERROR(Export(tree, closure, folder.path(), "", ""));
  SLIPWAY_RETURN_IF_ERROR(
      WriteNewFile(folder.path() + "/" + kValuesFile, boost::json::serialize(values)));
  std::vector<std::string> arguments = {"template", request.where.app, PathOf(closure.root),
                                        "--include-crds"};
  if (!request.k8s_namespace.empty())
    arguments.insert(arguments.end(), {"--namespace", request.k8s_namespace});
  for (const std::string& path : closure.values_files)
    arguments.insert(arguments.end(), {"--values", PathOf(path)});
  arguments.push_back("--values");
  arguments.push_back(Join({SandboxedTool::kFolder, kValuesFile}, "/"));
  SLIPWAY_ASSIGN_OR_RETURN(std::string output, tool.Run(arguments, folder.path(), stop));
  return std::vector<Manifest>{{kOutputFile, std::move(output)}};
}

}  // namespace

std::string_view KindText(SourceKind kind) {
  switch (kind) {
    case SourceKind::kPlain:
      return "plain manifests";
    case SourceKind::kKustomize:
      return "kustomization";
    case SourceKind::kHelm:
      break;
  }
  return "Helm chart";
}

SourceRenderer::SourceRenderer(const Options& options)
    : helm_({.name = "helm",
             .setting = "helm-binary",
             .binary = options.helm_binary,
             .limits = options.limits}),
      kustomize_({.name = "kustomize",
                  .setting = "kustomize-binary",
                  .binary = options.kustomize_binary,
                  .limits = options.limits}),
      cache_(options.cache_bytes) {}

absl::StatusOr<std::string> SourceRenderer::KeyOf(const Closure& closure,
                                                  const SourceRequest& request) const {
  KeyText key;
  key.Add("1");  // of this code: a change of what it makes of the same files takes the next number
  key.Add(KindText(closure.kind));
  if (closure.kind != SourceKind::kPlain) {
    const SandboxedTool& tool = closure.kind == SourceKind::kHelm ? helm_ : kustomize_;
    SLIPWAY_ASSIGN_OR_RETURN(const std::string identity, tool.Identity());
    key.Add(identity);
  }
  key.Add(closure.root);
  key.Add(std::to_string(closure.files.size()));
  for (const SourceFile& file : closure.files) {
    key.Add(file.path);
    key.Add(file.id);
  }
  for (const std::string& text :
       {request.where.app, request.where.environment, request.k8s_namespace, request.image,
        request.image_key, request.kustomize_image}) {
    key.Add(text);
  }
  key.Add(request.env);
  key.Add(request.values);
  for (const std::string& path : closure.values_files) key.Add(path);
  return key.Hash();
}

absl::StatusOr<std::string> SourceRenderer::Key(const git::Repository& repository,
                                                const std::string& commit,
                                                const SourceRequest& request) const {
  SLIPWAY_ASSIGN_OR_RETURN(const Closure closure,
                           FindClosure(SourceTree(repository, commit), request));
  return KeyOf(closure, request);
}

absl::StatusOr<RenderedSource> SourceRenderer::Render(const git::Repository& repository,
                                                      const std::string& commit,
                                                      const SourceRequest& request,
                                                      const std::stop_token& stop) {
  const SourceTree tree(repository, commit);
  SLIPWAY_ASSIGN_OR_RETURN(const Closure closure, FindClosure(tree, request));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string key, KeyOf(closure, request));
  return cache_.GetOr(key, [&]() -> absl::StatusOr<RenderedSource> {
    SLIPWAY_ASSIGN_OR_RETURN(RenderedSource rendered, RenderAnew(tree, closure, request, stop));
    rendered.key = key;
    return rendered;
  });
}

absl::StatusOr<RenderedSource> SourceRenderer::RenderAnew(const SourceTree& tree,
                                                          const Closure& closure,
                                                          const SourceRequest& request,
                                                          const std::stop_token& stop) {
  ++renders_;
  RenderedSource rendered{.kind = closure.kind};
  absl::StatusOr<std::vector<Manifest>> manifests =
      closure.kind == SourceKind::kPlain ? RenderPlain(tree, closure, request)
      : closure.kind == SourceKind::kHelm
          ? RenderChart(helm_, tree, closure, request, stop)
          : RenderKustomization(kustomize_, tree, closure, request, stop);
  SLIPWAY_RETURN_IF_ERROR(manifests.status());
  rendered.manifests = *std::move(manifests);
  SLIPWAY_RETURN_IF_ERROR(CheckObjects(rendered.manifests, closure.root));
  SLIPWAY_RETURN_IF_ERROR(CheckImage(rendered, request));
  return rendered;
}

}  // namespace slipway::gitops
