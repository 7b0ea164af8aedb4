#include "libs/rpc/resource_name.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"

namespace slipway::rpc {
namespace {

bool IsCollection(std::string_view word) {
  if (word.empty() || word[0] < 'a' || word[0] > 'z') return false;
  for (char c : word) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) return false;
  }
  return true;
}

bool IsId(std::string_view id) {
  if (id.empty() || id.size() > 128 || id == "." || id == "..") return false;
  for (char c : id) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == ':' || c == '@' || c == '-';
    if (!ok) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<ResourceName> ResourceName::Parse(std::string_view name) {
  const std::vector<std::string> words = Split(name, '/');
  ResourceName parsed;
  bool ok = words.size() % 2 == 0 && words.size() <= 16;
  for (size_t i = 0; ok && i < words.size(); i += 2) {
    ok = IsCollection(words[i]) && IsId(words[i + 1]);
    parsed.parts_.emplace_back(words[i], words[i + 1]);
  }
  if (!ok)
    return InvalidField("name",
                        "\"" + Truncate(ToValidUtf8(name), 200) + "\" is not a resource name");
  return parsed;
}

absl::StatusOr<ResourceName> ResourceName::Parse(std::string_view name, std::string_view pattern,
                                                 std::string_view field) {
  const std::vector<std::string> expected = Split(pattern, '/');
  auto parsed = Parse(name);
  bool ok = parsed.ok() && parsed->parts_.size() * 2 == expected.size();
  for (size_t i = 0; ok && i < parsed->parts_.size(); ++i)
    ok = parsed->parts_[i].first == expected[2 * i];
  if (!ok) {
    return InvalidField(field, "\"" + Truncate(ToValidUtf8(name), 200) + "\" is not of the form " +
                                   std::string(pattern));
  }
  return parsed;
}

std::string ResourceName::Get(std::string_view collection) const {
  for (const auto& [word, id] : parts_) {
    if (word == collection) return id;
  }
  return "";
}

std::string ResourceName::Parent() const {
  std::string out;
  for (size_t i = 0; i + 1 < parts_.size(); ++i) {
    if (i > 0) out += "/";
    out += parts_[i].first + "/" + parts_[i].second;
  }
  return out;
}

std::string ResourceName::ToString() const {
  std::string out = Parent();
  if (!out.empty()) out += "/";
  return out + parts_.back().first + "/" + parts_.back().second;
}

Scope ResourceName::ScopeOf() const {
  const auto known = [this](std::string_view collection) {
    std::string id = Get(collection);
    return id == "-" ? std::string() : id;
  };
  std::string environment = known("environments");
  if (environment.empty()) environment = known("deploymentPipelines");
  return {known("projects"), known("apps"), environment};
}

Scope ScopeOfName(std::string_view name) {
  const auto parsed = ResourceName::Parse(name);
  return parsed.ok() ? parsed->ScopeOf() : Scope{};
}

}  // namespace slipway::rpc
