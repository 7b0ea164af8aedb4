#include "tools/slipway/manifest/problems.h"

#include "libs/json/json.h"
#include "tools/slipway/manifest/errors.h"

namespace slipway::cli {
namespace {

// The path of what holds `path`: "" for the document.
std::string_view Holder(std::string_view path) {
  const size_t end = path.find_last_of(".[");
  return end == std::string_view::npos ? "" : path.substr(0, end);
}

// True for `path` itself and all that stands in it.
bool IsWithin(std::string_view inner, std::string_view path) {
  if (!inner.starts_with(path)) return false;
  return inner.size() == path.size() || inner[path.size()] == '.' || inner[path.size()] == '[';
}

}  // namespace

void Problems::Add(int line, std::string_view problem) {
  lines_.emplace(
      line, file_ + (line > 0 ? ":" + std::to_string(line) : "") + ": " + std::string(problem));
}

void Problems::Add(const yaml::Document& document, const std::string& path,
                   std::string_view problem, int line) {
  wrong_[document.root().mark.line].push_back(path);
  Add(line > 0 ? line : document.LineOf(path).line,
      (path.empty() ? "" : path + ": ") + std::string(problem));
}

bool Problems::Follows(const yaml::Document& document, std::string_view path) const {
  const std::vector<std::string>& wrong = Wrong(document);
  if (wrong.empty()) return false;
  const boost::json::value json = document.ToJson();
  std::string_view there = path;
  while (!there.empty() && json::Find(json, there) == nullptr) there = Holder(there);
  for (const std::string& known : wrong) {
    if (IsWithin(path, known) || Holder(known) == path) return true;
    if (there != path && Holder(known) == there) return true;
  }
  return false;
}

const std::vector<std::string>& Problems::Wrong(const yaml::Document& document) const {
  static const std::vector<std::string> kNone;
  const auto found = wrong_.find(document.root().mark.line);
  return found == wrong_.end() ? kNone : found->second;
}

absl::Status Problems::ToStatus() const {
  if (lines_.empty()) return absl::OkStatus();
  std::vector<std::string> lines;
  for (const auto& [number, line] : lines_) lines.push_back(line);
  return ManifestInvalid(lines);
}

}  // namespace slipway::cli
