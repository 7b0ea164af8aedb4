#include "services/build/store/image_store.h"

#include "absl/time/clock.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "services/build/domain/errors.h"
#include "services/build/store/run_store.h"

namespace slipway::build {
namespace {

using db::Sql;

absl::StatusOr<ImageRecord> ImageFromRow(db::Tx& tx, const db::Row& row) {
  ImageRecord image;
  image.id = row.GetString("id");
  image.run_id = row.GetInt64("run_id");
  image.step = row.GetString("step");
  image.repository = row.GetString("repository");
  image.digest = row.GetString("digest");
  image.tag = row.GetString("tag");
  image.created = row.GetTime("created_at");
  SLIPWAY_ASSIGN_OR_RETURN(image.run, GetRunById(tx, image.run_id));
  return image;
}

}  // namespace

absl::StatusOr<std::optional<ImageRecord>> InsertImage(db::Tx& tx, const RunRecord& run,
                                                       const v1::BuiltImage& built) {
  static constexpr Sql kInsert{
      "images.insert",
      "INSERT INTO images (id, run_id, step, project, app, workflow, repository, digest, tag) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (run_id, step) DO NOTHING RETURNING "
      "*"};
  const WorkflowName& w = run.name.workflow;
  SLIPWAY_ASSIGN_OR_RETURN(
      const db::Result rows,
      tx.Exec(kInsert, NewUlid(absl::Now()), run.id, built.step(), w.project, w.app, w.workflow,
              built.repository(), built.digest(), built.tag()));
  if (rows.empty()) return std::optional<ImageRecord>();
  SLIPWAY_ASSIGN_OR_RETURN(ImageRecord image, ImageFromRow(tx, rows[0]));
  image.run = run;
  return std::optional<ImageRecord>(std::move(image));
}

absl::StatusOr<ImageRecord> GetImage(db::Tx& tx, const ImageName& name) {
  static constexpr Sql kById{"images.get",
                             "SELECT * FROM images WHERE id = $3 AND project = $1 AND app = $2 "
                             "AND NOT archived"};
  static constexpr Sql kByDigest{
      "images.get_by_digest",
      "SELECT * FROM images WHERE project = $1 AND app = $2 AND digest = $3 "
      "AND NOT archived ORDER BY created_at DESC, id DESC LIMIT 1"};
  const bool digest = name.id.starts_with("sha256:");
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows, tx.Exec(digest ? kByDigest : kById,
                                                          name.app.project, name.app.app, name.id));
  if (rows.empty()) return ImageNotFound(name.ToString());
  return ImageFromRow(tx, rows[0]);
}

absl::StatusOr<std::vector<ImageRecord>> ListImages(db::Tx& tx, const ImageFilter& filter) {
  static constexpr Sql kList{"images.list",
                             "SELECT * FROM images WHERE project = $1 AND app = $2 AND NOT "
                             "archived AND ($3 = '' OR workflow = $3) "
                             "AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::text)) "
                             "ORDER BY created_at DESC, id DESC LIMIT $6"};
  const std::optional<absl::Time> before_time =
      filter.before ? std::optional<absl::Time>(filter.before->first) : std::nullopt;
  const std::string before_id = filter.before ? filter.before->second : "";
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result rows,
                           tx.Exec(kList, filter.app.project, filter.app.app, filter.workflow,
                                   before_time, before_id, filter.limit));
  std::vector<ImageRecord> images;
  for (const db::Row row : rows) {
    SLIPWAY_ASSIGN_OR_RETURN(ImageRecord image, ImageFromRow(tx, row));
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace slipway::build
