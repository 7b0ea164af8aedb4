#pragma once

#include <boost/json.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

// What Slipway has to know of a Helm chart. Pure.
namespace slipway::gitops {

// A chart that another one needs, as Chart.yaml or requirements.yaml names it. A value.
struct ChartDependency {
  std::string name = {};
  std::string repository = {};
};

// INVALID_ARGUMENT naming the file for what is no mapping.
absl::StatusOr<boost::json::object> ParseChartFile(std::string_view path, std::string_view text);
std::vector<ChartDependency> DependenciesOf(const boost::json::object& chart_file);

// "web.image" as its keys; "\." is a dot within a key.
std::vector<std::string> SplitValuesPath(std::string_view path);

// One value as written in spec.deploy.helm.values: YAML on one line ("3" is a number, "true" a
// boolean, "[a, b]" a list), text where it has several lines or is no YAML.
boost::json::value ReadValue(std::string_view text);

// The values that are given to a chart on top of its own and of the files: `set` by path, and the
// image at `image_key` in the form that `own` (the chart's values and the files' over them) has
// there: a mapping gets registry and repository (or name) and digest, or tag as TAG@sha256:...
// which stands for the digest; all else becomes HOST/REPOSITORY@sha256:... An empty image sets
// none. INVALID_ARGUMENT naming the path that goes through a value.
absl::StatusOr<boost::json::object> MakeValues(const boost::json::object& own,
                                               const std::map<std::string, std::string>& set,
                                               std::string_view image_key, std::string_view image);

// Lays `over` on `base` as Helm does: mappings key by key, all else replaced, null removes.
void MergeValues(const boost::json::object& over, boost::json::object& base);

}  // namespace slipway::gitops
