#include "services/gitops/store/work_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::work {
namespace {

constexpr db::Sql kAddCandidate{
    "candidates.add",
    "INSERT INTO candidates (image_name, project, app, environment, app_uid) VALUES ($1, $2, $3, "
    "$4, $5) ON CONFLICT (image_name, environment) DO NOTHING"};
constexpr db::Sql kDueCandidates{
    "candidates.due",
    "SELECT id, image_name, project, app, environment, app_uid, attempts FROM candidates "
    "WHERE NOT done AND next_attempt <= now() ORDER BY id LIMIT $1"};
constexpr db::Sql kFinishCandidate{
    "candidates.finish", "UPDATE candidates SET done = true, updated_at = now() WHERE id = $1"};
constexpr db::Sql kPostponeCandidate{
    "candidates.postpone",
    "UPDATE candidates SET attempts = attempts + 1, next_attempt = now() + $2::interval, "
    "updated_at = now() WHERE id = $1"};
constexpr db::Sql kAddPromotion{
    "promotions.add", "INSERT INTO promotions (deployment_id) VALUES ($1) ON CONFLICT DO NOTHING"};
constexpr db::Sql kDuePromotions{
    "promotions.due",
    "SELECT deployment_id, attempts FROM promotions WHERE next_attempt <= now() "
    "ORDER BY deployment_id LIMIT $1"};
constexpr db::Sql kFinishPromotion{"promotions.finish",
                                   "DELETE FROM promotions WHERE deployment_id = $1"};
constexpr db::Sql kPostponePromotion{
    "promotions.postpone",
    "UPDATE promotions SET attempts = attempts + 1, next_attempt = now() + $2::interval, "
    "updated_at = now() WHERE deployment_id = $1"};
constexpr db::Sql kAddRemoval{
    "removals.add",
    "INSERT INTO removals (name, app_uid, project, app, environment) VALUES ($1, $2, $3, $4, $5) "
    "ON CONFLICT (name) DO UPDATE SET app_uid = $2, next_attempt = now(), updated_at = now()"};
constexpr db::Sql kDueRemovals{
    "removals.due",
    "SELECT name, app_uid, project, app, environment, attempts FROM removals "
    "WHERE next_attempt <= now() ORDER BY created_at LIMIT $1"};
constexpr db::Sql kFinishRemoval{"removals.finish", "DELETE FROM removals WHERE name = $1"};
constexpr db::Sql kForgetPromotions{
    "apps.forget_promotions",
    "DELETE FROM promotions p USING deployments d WHERE p.deployment_id = d.id AND "
    "d.app_uid = $1"};
constexpr db::Sql kForgetDeployments{"apps.forget_deployments",
                                     "DELETE FROM deployments WHERE app_uid = $1"};
constexpr db::Sql kForgetCandidates{"apps.forget_candidates",
                                    "DELETE FROM candidates WHERE app_uid = $1"};
constexpr db::Sql kForgetImages{"apps.forget_images", "DELETE FROM images WHERE app_uid = $1"};
constexpr db::Sql kPostponeRemoval{
    "removals.postpone",
    "UPDATE removals SET attempts = attempts + 1, reason = $2, next_attempt = now() + "
    "$3::interval, updated_at = now() WHERE name = $1"};
constexpr db::Sql kIsBeingRemoved{
    "removals.exists",
    "SELECT EXISTS (SELECT 1 FROM removals WHERE app_uid = $1 AND project = $2 AND app = $3 AND "
    "(environment = '' OR environment = $4)) AS found"};

}  // namespace

absl::Status AddCandidate(db::Tx& tx, const std::string& image_name, const AppEnvironment& where,
                          const std::string& app_uid) {
  return tx.Exec(kAddCandidate, image_name, where.project, where.app, where.environment, app_uid)
      .status();
}

absl::StatusOr<std::vector<Candidate>> DueCandidates(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDueCandidates, limit));
  std::vector<Candidate> due;
  for (const db::Row& row : rows) {
    due.push_back(
        {.id = row.GetInt64("id"),
         .image_name = row.GetString("image_name"),
         .where = {row.GetString("project"), row.GetString("app"), row.GetString("environment")},
         .app_uid = row.GetString("app_uid"),
         .attempts = row.GetInt("attempts")});
  }
  return due;
}

absl::Status FinishCandidate(db::Tx& tx, int64_t id) {
  return tx.Exec(kFinishCandidate, id).status();
}

absl::Status PostponeCandidate(db::Tx& tx, int64_t id, absl::Duration delay) {
  return tx.Exec(kPostponeCandidate, id, delay).status();
}

absl::Status AddPromotion(db::Tx& tx, int64_t deployment_id) {
  return tx.Exec(kAddPromotion, deployment_id).status();
}

absl::StatusOr<std::vector<Promotion>> DuePromotions(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDuePromotions, limit));
  std::vector<Promotion> due;
  for (const db::Row& row : rows)
    due.push_back({row.GetInt64("deployment_id"), row.GetInt("attempts")});
  return due;
}

absl::Status FinishPromotion(db::Tx& tx, int64_t deployment_id) {
  return tx.Exec(kFinishPromotion, deployment_id).status();
}

absl::Status PostponePromotion(db::Tx& tx, int64_t deployment_id, absl::Duration delay) {
  return tx.Exec(kPostponePromotion, deployment_id, delay).status();
}

absl::Status AddRemoval(db::Tx& tx, const Removal& removal) {
  return tx
      .Exec(kAddRemoval, removal.name, removal.app_uid, removal.where.project, removal.where.app,
            removal.where.environment)
      .status();
}

absl::StatusOr<std::vector<Removal>> DueRemovals(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kDueRemovals, limit));
  std::vector<Removal> due;
  for (const db::Row& row : rows) {
    due.push_back(
        {.name = row.GetString("name"),
         .app_uid = row.GetString("app_uid"),
         .where = {row.GetString("project"), row.GetString("app"), row.GetString("environment")},
         .attempts = row.GetInt("attempts")});
  }
  return due;
}

absl::Status FinishRemoval(db::Tx& tx, const std::string& name) {
  return tx.Exec(kFinishRemoval, name).status();
}

absl::Status ForgetApp(db::Tx& tx, const std::string& app_uid) {
  for (const db::Sql* sql :
       {&kForgetPromotions, &kForgetDeployments, &kForgetCandidates, &kForgetImages}) {
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(*sql, app_uid).status());
  }
  return absl::OkStatus();
}

absl::Status PostponeRemoval(db::Tx& tx, const std::string& name, const std::string& reason,
                             absl::Duration delay) {
  return tx.Exec(kPostponeRemoval, name, reason, delay).status();
}

absl::StatusOr<bool> IsBeingRemoved(db::Tx& tx, const AppEnvironment& where,
                                    const std::string& app_uid) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kIsBeingRemoved, app_uid, where.project,
                                                          where.app, where.environment));
  return rows[0].GetBool("found");
}

}  // namespace slipway::gitops::work
