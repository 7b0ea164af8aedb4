#include "services/gitops/store/image_store.h"

#include "libs/base/status.h"

namespace slipway::gitops::images {
namespace {

#define IMAGE_COLUMNS                                                                    \
  "name, app_uid, project, app, workflow, reference, digest, tag, run, commit_id, ref, " \
  "image_order, subject, traceparent, "                                                  \
  "image_time"

ImageRecord FromRow(const db::Row& row) {
  return {.name = row.GetString("name"),
          .app_uid = row.GetString("app_uid"),
          .project = row.GetString("project"),
          .app = row.GetString("app"),
          .workflow = row.GetString("workflow"),
          .reference = row.GetString("reference"),
          .digest = row.GetString("digest"),
          .tag = row.GetString("tag"),
          .run = row.GetString("run"),
          .commit = row.GetString("commit_id"),
          .ref = row.GetString("ref"),
          .order = row.GetInt64("image_order"),
          .subject = row.GetString("subject"),
          .traceparent = row.GetString("traceparent"),
          .time = row.GetTime("image_time")};
}

constexpr db::Sql kAdd{
    "images.add", "INSERT INTO images (" IMAGE_COLUMNS
                  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
                  "ON CONFLICT (name) DO NOTHING"};
constexpr db::Sql kGet{"images.get", "SELECT " IMAGE_COLUMNS " FROM images WHERE name = $1"};
constexpr db::Sql kFind{
    "images.find",
    "SELECT " IMAGE_COLUMNS
    " FROM images WHERE app_uid = $1 AND (name = $2 OR reference = $2 OR tag = $2 OR digest = $2 "
    "OR "
    "name = 'projects/' || project || '/apps/' || app || '/images/' || $2 OR "
    "(length($2) >= 12 AND (starts_with(digest, $2) OR starts_with(digest, 'sha256:' || $2)))) "
    "ORDER BY image_time DESC, name DESC LIMIT 20"};
constexpr db::Sql kNewestBuilt{"images.newest_built",
                               "SELECT " IMAGE_COLUMNS
                               " FROM images WHERE app_uid = $1 AND workflow = $2 "
                               "ORDER BY image_order DESC, image_time DESC LIMIT 1"};
constexpr db::Sql kNewestHealthy{"images.newest_healthy",
                                 "SELECT " IMAGE_COLUMNS
                                 " FROM images i WHERE app_uid = $1 AND workflow = $2 AND EXISTS "
                                 "(SELECT 1 FROM deployments d WHERE d.app_uid = $1 "
                                 "AND d.project = $3 AND d.app = $4 AND d.environment = $5 AND "
                                 "d.digest = i.digest AND d.state = 'HEALTHY') "
                                 "ORDER BY image_order DESC, image_time DESC LIMIT 1"};

absl::StatusOr<std::optional<ImageRecord>> First(absl::StatusOr<db::Result> rows) {
  SLIPWAY_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return std::nullopt;
  return FromRow((*rows)[0]);
}

}  // namespace

absl::Status Add(db::Tx& tx, const ImageRecord& image) {
  return tx
      .Exec(kAdd, image.name, image.app_uid, image.project, image.app, image.workflow,
            image.reference, image.digest, image.tag, image.run, image.commit, image.ref,
            image.order, image.subject, image.traceparent, image.time)
      .status();
}

absl::StatusOr<std::optional<ImageRecord>> Get(db::Tx& tx, const std::string& name) {
  return First(tx.Exec(kGet, name));
}

absl::StatusOr<std::vector<ImageRecord>> Find(db::Tx& tx, const std::string& app_uid,
                                              const std::string& text) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(kFind, app_uid, text));
  std::vector<ImageRecord> found;
  for (const db::Row& row : rows) found.push_back(FromRow(row));
  return found;
}

absl::StatusOr<std::optional<ImageRecord>> NewestAllowed(db::Tx& tx, const std::string& app_uid,
                                                         const std::string& workflow,
                                                         const AppEnvironment& where,
                                                         const std::string& after) {
  if (after.empty()) return First(tx.Exec(kNewestBuilt, app_uid, workflow));
  return First(tx.Exec(kNewestHealthy, app_uid, workflow, where.project, where.app, after));
}

}  // namespace slipway::gitops::images
