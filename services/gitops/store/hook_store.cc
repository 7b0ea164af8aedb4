#include "services/gitops/store/hook_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::hooks {
namespace {

using State = HookRun::State;

constexpr db::Sql kOf{"hooks.of",
                      "SELECT phase, api_group, kind, namespace, name, version, tree, uid, state, "
                      "message FROM hook_runs WHERE cluster = $1 AND project = $2 AND app = $3 AND "
                      "environment = $4 ORDER BY phase, api_group, kind, namespace, name"};
constexpr db::Sql kPut{
    "hooks.put",
    "INSERT INTO hook_runs (cluster, project, app, environment, phase, api_group, kind, namespace, "
    "name, version, tree, uid, state, message) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
    "$11, $12, $13, $14) ON CONFLICT (cluster, project, app, environment, phase, api_group, kind, "
    "namespace, name) DO UPDATE SET version = $10, tree = $11, uid = $12, state = $13, message = "
    "$14, updated_at = now()"};
constexpr db::Sql kForgetGone{
    "hooks.forget_gone",
    "DELETE FROM hook_runs WHERE cluster = $1 AND project = $2 AND app = $3 AND environment = $4 "
    "AND tree <> $5 AND uid = '' AND state IN ('SUCCEEDED', 'FAILED')"};
constexpr db::Sql kLeave{
    "hooks.leave",
    "UPDATE hook_runs SET tree = '', updated_at = now() WHERE cluster = $1 AND project = $2 AND "
    "app = $3 AND environment = $4 AND tree NOT IN ('', $5)"};
constexpr db::Sql kForgetAll{
    "hooks.forget_all",
    "DELETE FROM hook_runs WHERE cluster = $1 AND project = $2 AND app = $3 AND environment = $4"};

constexpr db::Sql kDropForDeletion{
    "hooks.drop_for_deletion",
    "DELETE FROM deletion_hooks WHERE cluster = $1 AND project = $2 AND app = $3 AND environment = "
    "$4"};
constexpr db::Sql kKeepForDeletion{
    "hooks.keep_for_deletion",
    "INSERT INTO deletion_hooks (cluster, project, app, environment, position, body) SELECT $1, "
    "$2, $3, $4, b.position, b.body FROM unnest($5::text[]) WITH ORDINALITY AS b (body, position)"};
constexpr db::Sql kOfDeletion{
    "hooks.of_deletion",
    "SELECT body FROM deletion_hooks WHERE cluster = $1 AND project = $2 AND app = $3 AND "
    "environment = $4 ORDER BY position"};
constexpr db::Sql kOwnersOfDeletion{
    "hooks.owners_of_deletion",
    "SELECT DISTINCT project, app, environment FROM deletion_hooks WHERE cluster = $1"};

std::string NameOf(State state) {
  switch (state) {
    case State::kPending:
      return "PENDING";
    case State::kRunning:
      return "RUNNING";
    case State::kSucceeded:
      return "SUCCEEDED";
    case State::kFailed:
      return "FAILED";
  }
  return "PENDING";
}

State StateOf(const std::string& name) {
  for (const State state : {State::kRunning, State::kSucceeded, State::kFailed}) {
    if (name == NameOf(state)) return state;
  }
  return State::kPending;
}

}  // namespace

absl::StatusOr<std::vector<HookRun>> Of(db::Tx& tx, const std::string& cluster,
                                        const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kOf, cluster, owner.project, owner.app, owner.environment));
  std::vector<HookRun> runs;
  for (const db::Row& row : rows) {
    runs.push_back({.phase = row.GetString("phase"),
                    .id = {row.GetString("api_group"), row.GetString("kind"),
                           row.GetString("namespace"), row.GetString("name")},
                    .version = row.GetString("version"),
                    .tree = row.GetString("tree"),
                    .uid = row.GetString("uid"),
                    .state = StateOf(row.GetString("state")),
                    .message = row.GetString("message")});
  }
  return runs;
}

absl::Status Put(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                 const HookRun& run) {
  return tx
      .Exec(kPut, cluster, owner.project, owner.app, owner.environment, run.phase, run.id.group,
            run.id.kind, run.id.ns, run.id.name, run.version, run.tree, run.uid, NameOf(run.state),
            run.message)
      .status();
}

absl::Status Begin(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                   const std::string& tree) {
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kForgetGone, cluster, owner.project, owner.app, owner.environment, tree).status());
  return tx.Exec(kLeave, cluster, owner.project, owner.app, owner.environment, tree).status();
}

absl::Status ForgetAll(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner) {
  return tx.Exec(kForgetAll, cluster, owner.project, owner.app, owner.environment).status();
}

absl::Status KeepForDeletion(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                             const std::vector<std::string>& bodies) {
  SLIPWAY_RETURN_IF_ERROR(
      tx.Exec(kDropForDeletion, cluster, owner.project, owner.app, owner.environment).status());
  if (bodies.empty()) return absl::OkStatus();
  return tx.Exec(kKeepForDeletion, cluster, owner.project, owner.app, owner.environment, bodies)
      .status();
}

absl::StatusOr<std::vector<std::string>> OfDeletion(db::Tx& tx, const std::string& cluster,
                                                    const AppEnvironment& owner) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kOfDeletion, cluster, owner.project,
                                                          owner.app, owner.environment));
  std::vector<std::string> bodies;
  for (const db::Row& row : rows) bodies.push_back(row.GetString("body"));
  return bodies;
}

absl::StatusOr<std::vector<AppEnvironment>> OwnersOfDeletion(db::Tx& tx,
                                                             const std::string& cluster) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kOwnersOfDeletion, cluster));
  std::vector<AppEnvironment> owners;
  for (const db::Row& row : rows) {
    owners.push_back(
        {row.GetString("project"), row.GetString("app"), row.GetString("environment")});
  }
  return owners;
}

}  // namespace slipway::gitops::hooks
