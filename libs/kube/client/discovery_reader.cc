#include "libs/kube/client/discovery_reader.h"

#include <boost/json.hpp>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/http/url.h"
#include "libs/json/json.h"
#include "libs/kube/client/answer.h"
#include "libs/kube/client/errors.h"

namespace slipway::kube {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr char kAggregated[] =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

absl::StatusOr<object> Fetch(Client& client, const std::string& path, const std::string& accept) {
  Request request;
  request.verb = "discovery";
  request.path = path;
  request.accept = accept;
  Answer answer = Judge(client.Do(std::move(request)), "discovery");
  if (!answer.ok()) return answer.error;
  absl::StatusOr<value> body = json::Parse(answer.body, {.max_bytes = 64 << 20});
  if (!body.ok()) return AnswerInvalid(path, MessageOf(body.status()));
  if (!body->is_object()) return AnswerInvalid(path, "no object");
  return std::move(body->get_object());
}

std::vector<std::string> Strings(const object& from, std::string_view key) {
  std::vector<std::string> out;
  const array* values = GetArray(from, key);
  if (values == nullptr) return out;
  for (const value& entry : *values) {
    if (entry.is_string()) out.emplace_back(View(entry.get_string()));
  }
  return out;
}

template <typename Function>
void ForEach(const object& from, std::string_view key, Function function) {
  const array* values = GetArray(from, key);
  if (values == nullptr) return;
  for (const value& entry : *values) {
    if (entry.is_object()) function(entry.get_object());
  }
}

// APIGroupDiscoveryList: items[].versions[].resources[], in the order of preference.
void AddAggregated(const object& list, ApiGroups& groups) {
  ForEach(list, "items", [&](const object& item) {
    const object* metadata = GetObject(item, "metadata");
    const std::string name(metadata == nullptr ? "" : GetString(*metadata, "name"));
    ApiGroup& group = groups[name];
    ForEach(item, "versions", [&](const object& version) {
      const std::string version_name(GetString(version, "version"));
      group.versions.push_back(version_name);
      ForEach(version, "resources", [&](const object& resource) {
        const object* kind = GetObject(resource, "responseKind");
        ResourceInfo info;
        info.gvk = {.group = name, .version = version_name, .kind = ""};
        if (kind != nullptr) info.gvk.kind = GetString(*kind, "kind");
        info.resource = GetString(resource, "resource");
        info.namespaced = GetString(resource, "scope") == "Namespaced";
        info.verbs = Strings(resource, "verbs");
        info.short_names = Strings(resource, "shortNames");
        if (!info.gvk.kind.empty()) group.resources.push_back(std::move(info));
      });
    });
  });
}

// APIResourceList of one group and version.
void AddClassic(const object& list, const std::string& group_name, const std::string& version,
                ApiGroup& group) {
  ForEach(list, "resources", [&](const object& resource) {
    const std::string_view name = GetString(resource, "name");
    if (name.find('/') != std::string_view::npos) return;  // "pods/log"
    group.resources.push_back({.gvk = {.group = group_name,
                                       .version = version,
                                       .kind = std::string(GetString(resource, "kind"))},
                               .resource = std::string(name),
                               .namespaced = GetBool(resource, "namespaced").value_or(false),
                               .verbs = Strings(resource, "verbs"),
                               .short_names = Strings(resource, "shortNames")});
  });
}

// APIGroup: {name, versions[{version}], preferredVersion{version}}.
std::vector<std::string> VersionsOf(const object& group) {
  std::vector<std::string> versions;
  if (const object* preferred = GetObject(group, "preferredVersion")) {
    versions.emplace_back(GetString(*preferred, "version"));
  }
  ForEach(group, "versions", [&](const object& entry) {
    const std::string_view version = GetString(entry, "version");
    if (versions.empty() || version != versions[0]) versions.emplace_back(version);
  });
  return versions;
}

absl::Status ReadVersions(Client& client, const std::string& name, ApiGroup& group) {
  for (const std::string& version : group.versions) {
    const ResourceInfo path{.gvk = {.group = name, .version = version, .kind = ""}};
    SLIPWAY_ASSIGN_OR_RETURN(const object list,
                             Fetch(client, path.GroupPath(), "application/json"));
    AddClassic(list, name, version, group);
  }
  return absl::OkStatus();
}

// Groups of an APIGroupList, each read for itself.
void ReadClassicGroups(Client& client, const object& list, ApiGroups& groups) {
  ForEach(list, "groups", [&](const object& entry) {
    const std::string name(GetString(entry, "name"));
    ApiGroup group{.versions = VersionsOf(entry)};
    if (ReadVersions(client, name, group).ok()) groups[name] = std::move(group);
  });
}

}  // namespace

absl::StatusOr<ApiGroup> ReadGroup(Client& client, const std::string& name) {
  ApiGroup group;
  if (name.empty()) {
    group.versions = {"v1"};
  } else {
    const absl::StatusOr<object> document =
        Fetch(client, "/apis/" + http::PercentEncode(name), "application/json");
    if (absl::IsNotFound(document.status())) return group;
    if (!document.ok()) return document.status();
    group.versions = VersionsOf(*document);
  }
  SLIPWAY_RETURN_IF_ERROR(ReadVersions(client, name, group));
  return group;
}

absl::StatusOr<ApiGroups> ReadAllGroups(Client& client) {
  ApiGroups groups;
  SLIPWAY_ASSIGN_OR_RETURN(const object named, Fetch(client, "/apis", kAggregated));
  if (GetString(named, "kind") == "APIGroupDiscoveryList") {
    AddAggregated(named, groups);
    SLIPWAY_ASSIGN_OR_RETURN(const object core, Fetch(client, "/api", kAggregated));
    if (GetString(core, "kind") == "APIGroupDiscoveryList") {
      AddAggregated(core, groups);
      return groups;
    }
  } else {
    ReadClassicGroups(client, named, groups);
  }
  SLIPWAY_ASSIGN_OR_RETURN(groups[""], ReadGroup(client, ""));
  return groups;
}

}  // namespace slipway::kube
