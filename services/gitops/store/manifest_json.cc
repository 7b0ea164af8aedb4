#include "services/gitops/store/manifest_json.h"

#include <boost/json.hpp>

#include "libs/base/error.h"
#include "libs/json/json.h"

namespace slipway::gitops {
namespace {

// A render has 64 MiB at most; escapes make up to six bytes of one.
constexpr json::Limits kLimits{.max_bytes = size_t{400} << 20, .max_depth = 8};

absl::Status Unreadable(const std::string& problem) {
  return absl::DataLossError("the stored manifests can't be read: " + problem);
}

}  // namespace

std::string ManifestsToJson(const std::vector<Manifest>& manifests) {
  boost::json::array array;
  for (const Manifest& manifest : manifests)
    array.push_back({{"file", manifest.file}, {"text", manifest.text}});
  return boost::json::serialize(array);
}

absl::StatusOr<std::vector<Manifest>> ManifestsFromJson(const std::string& text) {
  const auto value = json::Parse(text, kLimits);
  if (!value.ok()) return Unreadable(MessageOf(value.status()));
  if (!value->is_array()) return Unreadable("no list");
  std::vector<Manifest> manifests;
  for (const boost::json::value& entry : value->get_array()) {
    auto file = json::GetString(entry, "file");
    auto content = json::GetString(entry, "text");
    if (!file || !content) return Unreadable("an entry without file or text");
    manifests.push_back({*std::move(file), *std::move(content)});
  }
  return manifests;
}

}  // namespace slipway::gitops
