#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/db/db.h"
#include "services/pipeline/domain/kind.h"

// The table of all definitions, and what refers to what. Functions without state; thread-safety is
// that of the Tx.
namespace slipway::pipeline::store {

struct ResourceRow {
  int64_t id = 0;
  Kind kind = Kind::kProject;
  std::string name;
  std::string parent;
  std::string uid;
  std::string spec;            // serialised, without secret values
  int64_t secret_version = 0;  // 0: no secret value
  bool deleting = false;
  int64_t version = 1;
  absl::Time created_at;
  absl::Time updated_at;
};

enum class Lock {
  kNone,
  kShare,   // it can't change or go before this transaction ends
  kUpdate,  // this transaction will change it
};

absl::StatusOr<std::optional<ResourceRow>> Find(db::Tx& tx, std::string_view name, Lock lock);
// Those that are there, in the order of their names.
absl::StatusOr<std::vector<ResourceRow>> FindAll(db::Tx& tx, const std::vector<std::string>& names,
                                                 Lock lock);
// The children of one kind whose names come after `after_name`, by name.
absl::StatusOr<std::vector<ResourceRow>> List(db::Tx& tx, Kind kind, std::string_view parent,
                                              std::string_view after_name, int limit);
// Children of one kind of any of the parents, by name.
absl::StatusOr<std::vector<ResourceRow>> ListOfParents(db::Tx& tx, Kind kind,
                                                       const std::vector<std::string>& parents);
// All of one kind, also those that are being deleted, by name.
absl::StatusOr<std::vector<ResourceRow>> ListOfKind(db::Tx& tx, Kind kind);
// Ids of all that are active, by name.
absl::StatusOr<std::vector<std::string>> ListActiveIds(db::Tx& tx, Kind kind);
// Names of children of one kind, at most `limit`.
absl::StatusOr<std::vector<std::string>> ListChildNames(db::Tx& tx, Kind kind,
                                                        std::string_view parent, int limit);

struct NewResource {
  Kind kind;
  std::string name;
  std::string parent;
  std::string uid;
  std::string spec;
  std::optional<std::string> claim;
};
// ALREADY_EXISTS with resources_name_key or resources_claim_key.
absl::StatusOr<ResourceRow> Insert(db::Tx& tx, const NewResource& resource);
// Writes the spec and counts the version. ALREADY_EXISTS with resources_claim_key.
absl::StatusOr<ResourceRow> Update(db::Tx& tx, int64_t id, const std::string& spec,
                                   const std::optional<std::string>& claim);
absl::StatusOr<ResourceRow> MarkDeleting(db::Tx& tx, int64_t id);
// Deletes the row and its variables and secrets.
absl::Status Delete(db::Tx& tx, const ResourceRow& row);

// The name of the one that holds a claim; "" for none.
absl::StatusOr<std::string> ClaimHolder(db::Tx& tx, std::string_view claim);

absl::Status ReplaceRefs(db::Tx& tx, int64_t id, const std::vector<std::string>& targets);
// Names of definitions that refer to `target`, at most `limit`.
absl::StatusOr<std::vector<std::string>> ListUsers(db::Tx& tx, std::string_view target, int limit);

}  // namespace slipway::pipeline::store
