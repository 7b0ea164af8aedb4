#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace slipway::pipeline {

// The kinds of definitions. One table describes them; all share one life: create, get, list,
// update, delete.
enum class Kind {
  kProject,
  kApp,
  kCluster,
  kEnvironment,
  kRegistry,
  kGitAccount,
  kWorkflow,
  kVariable,
  kSecret
};

// How ids of a kind are written.
enum class IdRule {
  kSlug,      // RFC 1035 label: [a-z]([a-z0-9-]*[a-z0-9])?
  kVariable,  // also upper case and '_', since it names an environment variable
};

struct KindInfo {
  Kind kind;
  std::string_view key;         // in the database: "gitAccount"
  std::string_view word;        // for people: "Git account"
  std::string_view command;     // for the CLI: "git-account"
  std::string_view collection;  // in names: "gitAccounts"
  IdRule id_rule;
  std::vector<Kind> parents;  // empty: global
};

const KindInfo& InfoOf(Kind kind);
const std::vector<KindInfo>& AllKinds();
// By the key of the table; the key must be one of it.
const KindInfo& InfoOfKey(std::string_view key);
// By the message: pipeline.v1.Project, App, ...
Kind KindOf(const google::protobuf::Message& resource);

// A name taken apart: "projects/p/apps/a" has parent "projects/p" and id "a".
struct NameParts {
  std::string parent;
  std::string id;
};

// INVALID_ARGUMENT naming `field` unless `name` is a name of this kind.
absl::StatusOr<NameParts> ParseName(Kind kind, std::string_view name,
                                    std::string_view field = "name");

// OK if `parent` may hold resources of this kind; a global kind has the parent "".
absl::Status CheckParent(Kind kind, std::string_view parent);

// OK if `id` may name a new resource of this kind.
absl::Status CheckId(Kind kind, std::string_view id, std::string_view field);

std::string MakeName(Kind kind, std::string_view parent, std::string_view id);

// For people: "projects/demo/apps/hello/workflows/main" is "demo/hello/main"; "environments/dev" is
// "dev".
std::string ShortName(std::string_view name);

// The ids in a name of a workflow or app; "" for what is not there.
std::string ProjectOf(std::string_view name);
std::string AppOf(std::string_view name);
// The app's whole name in the name of something below it: "projects/p/apps/a"; "" without one.
std::string AppNameOf(std::string_view name);

}  // namespace slipway::pipeline
