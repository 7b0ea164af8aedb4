#include "services/pipeline/store/resource_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

#define SLIPWAY_RESOURCE_COLUMNS \
  "id, kind, name, parent, uid, spec, secret_version, state, version, created_at, updated_at"

constexpr db::Sql kFind{"resources.find",
                        "SELECT " SLIPWAY_RESOURCE_COLUMNS " FROM resources WHERE name = $1"};
constexpr db::Sql kFindForShare{"resources.find_for_share",
                                "SELECT " SLIPWAY_RESOURCE_COLUMNS
                                " FROM resources WHERE name = $1 FOR SHARE"};
constexpr db::Sql kFindForUpdate{"resources.find_for_update",
                                 "SELECT " SLIPWAY_RESOURCE_COLUMNS
                                 " FROM resources WHERE name = $1 FOR UPDATE"};
constexpr db::Sql kFindAll{"resources.find_all",
                           "SELECT " SLIPWAY_RESOURCE_COLUMNS
                           " FROM resources WHERE name = ANY ($1::text[]) ORDER BY name"};
constexpr db::Sql kFindAllForShare{
    "resources.find_all_for_share",
    "SELECT " SLIPWAY_RESOURCE_COLUMNS
    " FROM resources WHERE name = ANY ($1::text[]) ORDER BY name FOR SHARE"};
constexpr db::Sql kFindAllForUpdate{
    "resources.find_all_for_update",
    "SELECT " SLIPWAY_RESOURCE_COLUMNS
    " FROM resources WHERE name = ANY ($1::text[]) ORDER BY name FOR UPDATE"};
constexpr db::Sql kList{
    "resources.list",
    "SELECT " SLIPWAY_RESOURCE_COLUMNS
    " FROM resources WHERE kind = $1 AND parent = $2 AND name > $3 ORDER BY name LIMIT $4"};
constexpr db::Sql kListOfParents{
    "resources.list_of_parents",
    "SELECT " SLIPWAY_RESOURCE_COLUMNS
    " FROM resources WHERE parent = ANY ($1::text[]) AND kind = $2 ORDER BY name"};
constexpr db::Sql kListOfKind{"resources.list_of_kind",
                              "SELECT " SLIPWAY_RESOURCE_COLUMNS
                              " FROM resources WHERE kind = $1 ORDER BY name"};
constexpr db::Sql kListActive{
    "resources.list_active",
    "SELECT name FROM resources WHERE kind = $1 AND state = 'active' ORDER BY name"};
constexpr db::Sql kListChildNames{
    "resources.list_child_names",
    "SELECT name FROM resources WHERE parent = $1 AND kind = $2 ORDER BY name LIMIT $3"};
constexpr db::Sql kInsert{"resources.insert",
                          "INSERT INTO resources (kind, name, parent, uid, spec, claim)"
                          " VALUES ($1, $2, $3, $4, $5, $6) RETURNING " SLIPWAY_RESOURCE_COLUMNS};
constexpr db::Sql kUpdate{"resources.update",
                          "UPDATE resources SET spec = $2, claim = $3, version = version + 1,"
                          " updated_at = greatest(now(), updated_at + interval '1 microsecond')"
                          " WHERE id = $1 RETURNING " SLIPWAY_RESOURCE_COLUMNS};
constexpr db::Sql kMarkDeleting{
    "resources.mark_deleting",
    "UPDATE resources SET state = 'deleting', claim = NULL, version = version + 1,"
    " updated_at = greatest(now(), updated_at + interval '1 microsecond')"
    " WHERE id = $1 RETURNING " SLIPWAY_RESOURCE_COLUMNS};
constexpr db::Sql kDelete{"resources.delete",
                          "DELETE FROM resources WHERE id = $1"
                          " OR (parent = $2 AND kind IN ('variable', 'secret'))"};
constexpr db::Sql kClaimHolder{"resources.claim_holder",
                               "SELECT name FROM resources WHERE claim = $1"};
constexpr db::Sql kDeleteRefs{
    "resource_refs.delete",
    "DELETE FROM resource_refs WHERE resource_id = $1 AND NOT target = ANY ($2::text[])"};
constexpr db::Sql kInsertRefs{
    "resource_refs.insert",
    "INSERT INTO resource_refs (resource_id, target) SELECT $1, unnest($2::text[])"
    " ON CONFLICT DO NOTHING"};
constexpr db::Sql kListUsers{
    "resource_refs.list_users",
    "SELECT r.name FROM resource_refs f JOIN resources r ON r.id = f.resource_id"
    " WHERE f.target = $1 ORDER BY r.name LIMIT $2"};

#undef SLIPWAY_RESOURCE_COLUMNS

ResourceRow ResourceFromRow(const db::Row& row) {
  ResourceRow r;
  r.id = row.GetInt64("id");
  r.kind = InfoOfKey(row.GetString("kind")).kind;
  r.name = row.GetString("name");
  r.parent = row.GetString("parent");
  r.uid = row.GetString("uid");
  r.spec = row.GetBytes("spec");
  r.secret_version = row.GetInt64("secret_version");
  r.deleting = row.GetString("state") == "deleting";
  r.version = row.GetInt64("version");
  r.created_at = row.GetTime("created_at");
  r.updated_at = row.GetTime("updated_at");
  return r;
}

absl::StatusOr<std::vector<ResourceRow>> RowsOf(absl::StatusOr<db::Result> result) {
  if (!result.ok()) return result.status();
  std::vector<ResourceRow> rows;
  for (const db::Row row : *result) rows.push_back(ResourceFromRow(row));
  return rows;
}

absl::StatusOr<ResourceRow> OneRow(absl::StatusOr<db::Result> result) {
  if (!result.ok()) return result.status();
  if (result->empty()) return absl::InternalError("a definition went away within its transaction");
  return ResourceFromRow((*result)[0]);
}

absl::StatusOr<std::vector<std::string>> NamesOf(absl::StatusOr<db::Result> result) {
  if (!result.ok()) return result.status();
  std::vector<std::string> names;
  for (const db::Row row : *result) names.push_back(row.GetString("name"));
  return names;
}

const db::Sql& Pick(Lock lock, const db::Sql& none, const db::Sql& share, const db::Sql& update) {
  return lock == Lock::kNone ? none : lock == Lock::kShare ? share : update;
}

}  // namespace

absl::StatusOr<std::optional<ResourceRow>> Find(db::Tx& tx, std::string_view name, Lock lock) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result,
                           tx.Exec(Pick(lock, kFind, kFindForShare, kFindForUpdate), name));
  if (result.empty()) return std::optional<ResourceRow>();
  return std::optional<ResourceRow>(ResourceFromRow(result[0]));
}

absl::StatusOr<std::vector<ResourceRow>> FindAll(db::Tx& tx, const std::vector<std::string>& names,
                                                 Lock lock) {
  return RowsOf(tx.Exec(Pick(lock, kFindAll, kFindAllForShare, kFindAllForUpdate), names));
}

absl::StatusOr<std::vector<ResourceRow>> List(db::Tx& tx, Kind kind, std::string_view parent,
                                              std::string_view after_name, int limit) {
  return RowsOf(tx.Exec(kList, InfoOf(kind).key, parent, after_name, limit));
}

absl::StatusOr<std::vector<ResourceRow>> ListOfParents(db::Tx& tx, Kind kind,
                                                       const std::vector<std::string>& parents) {
  return RowsOf(tx.Exec(kListOfParents, parents, InfoOf(kind).key));
}

absl::StatusOr<std::vector<ResourceRow>> ListOfKind(db::Tx& tx, Kind kind) {
  return RowsOf(tx.Exec(kListOfKind, InfoOf(kind).key));
}

absl::StatusOr<std::vector<std::string>> ListActiveIds(db::Tx& tx, Kind kind) {
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<std::string> names,
                           NamesOf(tx.Exec(kListActive, InfoOf(kind).key)));
  for (std::string& name : names) name.erase(0, name.rfind('/') + 1);
  return names;
}

absl::StatusOr<std::vector<std::string>> ListChildNames(db::Tx& tx, Kind kind,
                                                        std::string_view parent, int limit) {
  return NamesOf(tx.Exec(kListChildNames, parent, InfoOf(kind).key, limit));
}

absl::StatusOr<ResourceRow> Insert(db::Tx& tx, const NewResource& resource) {
  return OneRow(tx.Exec(kInsert, InfoOf(resource.kind).key, resource.name, resource.parent,
                        resource.uid, db::Bytes{resource.spec}, resource.claim));
}

absl::StatusOr<ResourceRow> Update(db::Tx& tx, int64_t id, const std::string& spec,
                                   const std::optional<std::string>& claim) {
  return OneRow(tx.Exec(kUpdate, id, db::Bytes{spec}, claim));
}

absl::StatusOr<ResourceRow> MarkDeleting(db::Tx& tx, int64_t id) {
  return OneRow(tx.Exec(kMarkDeleting, id));
}

absl::Status Delete(db::Tx& tx, const ResourceRow& row) {
  return tx.Exec(kDelete, row.id, row.name).status();
}

absl::StatusOr<std::string> ClaimHolder(db::Tx& tx, std::string_view claim) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           NamesOf(tx.Exec(kClaimHolder, claim)));
  return names.empty() ? "" : names[0];
}

absl::Status ReplaceRefs(db::Tx& tx, int64_t id, const std::vector<std::string>& targets) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kDeleteRefs, id, targets).status());
  if (targets.empty()) return absl::OkStatus();
  return tx.Exec(kInsertRefs, id, targets).status();
}

absl::StatusOr<std::vector<std::string>> ListUsers(db::Tx& tx, std::string_view target, int limit) {
  return NamesOf(tx.Exec(kListUsers, target, limit));
}

}  // namespace slipway::pipeline::store
