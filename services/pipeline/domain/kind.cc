#include "services/pipeline/domain/kind.h"

#include <algorithm>

#include "libs/base/check.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/strings.h"

namespace slipway::pipeline {
namespace {

constexpr size_t kMaxId = 63;

bool IsVariableId(std::string_view id) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto other = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return !id.empty() && id.size() <= kMaxId && letter(id.front()) &&
         std::all_of(id.begin(), id.end(), other);
}

// "projects/{project}/apps/{app}" as an example of a name of this kind.
std::string Example(const KindInfo& info) {
  std::string text;
  const KindInfo* at = &info;
  while (true) {
    text = std::string(at->collection) + "/" +
           std::string(1, static_cast<char>(at->word[0] & ~0x20)) +
           (text.empty() ? "" : "/" + text);
    if (at->parents.empty()) return text;
    at = &InfoOf(at->parents.front());
  }
}

}  // namespace

const std::vector<KindInfo>& AllKinds() {
  static const std::vector<KindInfo> kinds = {
      {Kind::kProject, "project", "project", "project", "projects", IdRule::kSlug, {}},
      {Kind::kApp, "app", "app", "app", "apps", IdRule::kSlug, {Kind::kProject}},
      {Kind::kCluster, "cluster", "cluster", "cluster", "clusters", IdRule::kSlug, {}},
      {Kind::kEnvironment,
       "environment",
       "environment",
       "environment",
       "environments",
       IdRule::kSlug,
       {}},
      {Kind::kRegistry, "registry", "registry", "registry", "registries", IdRule::kSlug, {}},
      {Kind::kGitAccount,
       "gitAccount",
       "Git account",
       "git-account",
       "gitAccounts",
       IdRule::kSlug,
       {}},
      {Kind::kWorkflow,
       "workflow",
       "workflow",
       "workflow",
       "workflows",
       IdRule::kSlug,
       {Kind::kApp}},
      {Kind::kVariable,
       "variable",
       "variable",
       "variable",
       "variables",
       IdRule::kVariable,
       {Kind::kProject, Kind::kApp, Kind::kEnvironment}},
      {Kind::kSecret,
       "secret",
       "secret",
       "secret",
       "secrets",
       IdRule::kVariable,
       {Kind::kProject, Kind::kApp, Kind::kEnvironment}},
  };
  return kinds;
}

const KindInfo& InfoOf(Kind kind) { return AllKinds()[static_cast<size_t>(kind)]; }

const KindInfo& InfoOfKey(std::string_view key) {
  for (const KindInfo& info : AllKinds()) {
    if (info.key == key) return info;
  }
  SLIPWAY_CHECK(!"unknown kind");
  return AllKinds().front();
}

Kind KindOf(const google::protobuf::Message& resource) {
  std::string key = resource.GetDescriptor()->name();
  key[0] = static_cast<char>(key[0] | 0x20);
  return InfoOfKey(key).kind;
}

absl::Status CheckParent(Kind kind, std::string_view parent) {
  const KindInfo& info = InfoOf(kind);
  if (info.parents.empty()) {
    return parent.empty()
               ? absl::OkStatus()
               : InvalidField("parent", "a " + std::string(info.word) + " has no parent");
  }
  for (const Kind candidate : info.parents) {
    if (ParseName(candidate, parent, "parent").ok()) return absl::OkStatus();
  }
  return InvalidField("parent",
                      "expected a name like \"" + Example(InfoOf(info.parents.front())) + "\"");
}

absl::StatusOr<NameParts> ParseName(Kind kind, std::string_view name, std::string_view field) {
  const KindInfo& info = InfoOf(kind);
  const auto invalid = [&] {
    return InvalidField(field, "expected a name like \"" + Example(info) + "\"");
  };
  const size_t id_at = name.rfind('/');
  if (id_at == std::string_view::npos || id_at + 1 == name.size()) return invalid();
  const std::string_view before = name.substr(0, id_at);
  const size_t collection_at = before.rfind('/');
  const std::string_view collection =
      collection_at == std::string_view::npos ? before : before.substr(collection_at + 1);
  const std::string_view parent =
      collection_at == std::string_view::npos ? "" : before.substr(0, collection_at);
  if (collection != info.collection || !CheckParent(kind, parent).ok()) return invalid();
  return NameParts{std::string(parent), std::string(name.substr(id_at + 1))};
}

absl::Status CheckId(Kind kind, std::string_view id, std::string_view field) {
  if (InfoOf(kind).id_rule == IdRule::kSlug) return ValidateSlug(id, field);
  if (IsVariableId(id)) return absl::OkStatus();
  return InvalidField(
      field, "must be 1 to 63 of letters, digits, '_' and '-', and start with a letter or '_'");
}

std::string MakeName(Kind kind, std::string_view parent, std::string_view id) {
  std::string name(parent);
  if (!name.empty()) name += "/";
  return name + std::string(InfoOf(kind).collection) + "/" + std::string(id);
}

std::string ShortName(std::string_view name) {
  const std::vector<std::string> parts = Split(name, '/');
  std::vector<std::string> ids;
  for (size_t i = 1; i < parts.size(); i += 2) ids.push_back(parts[i]);
  return Join(ids, "/");
}

std::string ProjectOf(std::string_view name) {
  const std::vector<std::string> parts = Split(name, '/');
  return parts.size() >= 2 && parts[0] == "projects" ? parts[1] : "";
}

std::string AppOf(std::string_view name) {
  const std::vector<std::string> parts = Split(name, '/');
  return parts.size() >= 4 && parts[0] == "projects" && parts[2] == "apps" ? parts[3] : "";
}

std::string AppNameOf(std::string_view name) {
  const std::string app = AppOf(name);
  return app.empty() ? "" : "projects/" + ProjectOf(name) + "/apps/" + app;
}

}  // namespace slipway::pipeline
