#pragma once

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/gitops/source/source_request.h"
#include "services/gitops/source/source_tree.h"

namespace slipway::gitops {

// All that rendering a path reads, found by reading the files themselves. What is not in it does
// not exist for the render, so it can't be incomplete without an error. A value.
struct Closure {
  SourceKind kind = SourceKind::kPlain;
  std::string root = {};  // from the top of the repository: folder, or file of plain manifests
  std::vector<SourceFile> files = {};  // sorted by path
  SourceFile entry = {};               // kustomization, or Chart.yaml
  std::vector<std::string> values_files =
      {};  // of a chart, from the top, in the order of the request
};

// Reads the kustomizations or the chart at `request.path`, no more of it than says what they need:
//  - plain: the files *.yaml, *.yml and *.json at the path and below, without those of names with a
//    leading dot;
//  - kustomization: all files that it, its bases and components name, recursively;
//  - Helm chart: its folder, and the values files.
// INVALID_ARGUMENT (SOURCE_INVALID, SOURCE_REMOTE) for what leads out of the repository or needs
// the network; NOT_FOUND.
absl::StatusOr<Closure> FindClosure(const SourceTree& tree, const SourceRequest& request);

}  // namespace slipway::gitops
