#include "services/pipeline/store/plan_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

// A Plan that a crash of the database loses is compiled again, with the same digest: no commit
// waits for the disk.
constexpr db::Sql kLateFlush{"plans.late_flush",
                             "SELECT set_config('synchronous_commit', 'off', true) AS set"};
constexpr db::Sql kInsert{
    "plans.insert",
    "INSERT INTO plans (digest, workflow, plan) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
constexpr db::Sql kPrune{
    "plans.prune",
    "DELETE FROM plans WHERE digest IN"
    " (SELECT digest FROM plans WHERE created_at < $1 ORDER BY created_at LIMIT $2)"};

}  // namespace

absl::Status InsertPlans(db::Tx& tx, const std::vector<PlanRow>& plans) {
  if (!plans.empty()) SLIPWAY_RETURN_IF_ERROR(tx.Exec(kLateFlush).status());
  for (const PlanRow& plan : plans) {
    SLIPWAY_RETURN_IF_ERROR(
        tx.Exec(kInsert, plan.digest, plan.workflow, db::Bytes{plan.plan}).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> PrunePlans(db::Tx& tx, absl::Time before, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kPrune, before, limit));
  return result.affected_rows();
}

}  // namespace slipway::pipeline::store
