#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// The file kustomization.yaml, as far as it says what else is read. Pure.
namespace slipway::gitops {

// The names that kustomize looks for, in its order.
inline constexpr std::string_view kKustomizationNames[] = {"kustomization.yaml",
                                                           "kustomization.yml", "Kustomization"};

// What a kustomization refers to, as written.
struct KustomizationRefs {
  std::vector<std::string> files = {};
  std::vector<std::string> files_or_folders = {};  // a folder has a kustomization of its own
  // Something in it may read files in ways that are not known here: all below its folder counts.
  bool whole_folder = false;
};

// The one document of the file `path`.
absl::StatusOr<boost::json::object> ParseKustomization(std::string_view path,
                                                       std::string_view text);

// INVALID_ARGUMENT for what needs the network or runs programs: helmCharts.
absl::StatusOr<KustomizationRefs> FindRefs(std::string_view path,
                                           const boost::json::object& kustomization);

// True for what kustomize would fetch if it is no local path: URLs and forms of git hosts.
bool LooksRemote(std::string_view ref);

// Sets the image as `kustomize edit set image` does: the entry of `images` with this name, or a new
// one. Without a name: the only entry that is there; else new ones for the repository with and
// without its host. `image` is HOST/REPOSITORY@sha256:...
absl::Status SetImage(std::string_view path, std::string_view name, std::string_view image,
                      boost::json::object& kustomization);

}  // namespace slipway::gitops
