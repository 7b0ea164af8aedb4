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
constexpr db::Sql kForgetOthers{
    "hooks.forget_others",
    "DELETE FROM hook_runs WHERE cluster = $1 AND project = $2 AND app = $3 AND environment = $4 "
    "AND tree <> $5"};

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

absl::Status ForgetOthers(db::Tx& tx, const std::string& cluster, const AppEnvironment& owner,
                          const std::string& tree) {
  return tx.Exec(kForgetOthers, cluster, owner.project, owner.app, owner.environment, tree)
      .status();
}

}  // namespace slipway::gitops::hooks
