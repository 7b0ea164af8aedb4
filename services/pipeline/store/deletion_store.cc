#include "services/pipeline/store/deletion_store.h"

#include "libs/base/status.h"

namespace slipway::pipeline::store {
namespace {

constexpr db::Sql kAdd{
    "pending_confirmations.add",
    "INSERT INTO pending_confirmations (subject, service) SELECT $1, unnest($2::text[])"
    " ON CONFLICT DO NOTHING"};
constexpr db::Sql kConfirm{"pending_confirmations.confirm",
                           "DELETE FROM pending_confirmations WHERE subject = $1 AND service = $2"};
constexpr db::Sql kLeft{
    "pending_confirmations.left",
    "SELECT service FROM pending_confirmations WHERE subject = $1 ORDER BY service"};
constexpr db::Sql kOwn{
    "pending_confirmations.own",
    "SELECT subject FROM pending_confirmations p WHERE service = 'auth' AND NOT EXISTS"
    " (SELECT 1 FROM pending_confirmations o WHERE o.subject = p.subject AND o.service <> 'auth')"
    " ORDER BY created_at LIMIT $1"};

}  // namespace

absl::Status AddPending(db::Tx& tx, std::string_view subject,
                        const std::vector<std::string>& services) {
  return tx.Exec(kAdd, subject, services).status();
}

absl::StatusOr<std::vector<std::string>> ConfirmPending(db::Tx& tx, std::string_view subject,
                                                        std::string_view service) {
  SLIPWAY_RETURN_IF_ERROR(tx.Exec(kConfirm, subject, service).status());
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kLeft, subject));
  std::vector<std::string> left;
  for (const db::Row row : result) left.push_back(row.GetString("service"));
  return left;
}

absl::StatusOr<std::vector<std::string>> ListOwnWork(db::Tx& tx, int limit) {
  SLIPWAY_ASSIGN_OR_RETURN(const db::Result result, tx.Exec(kOwn, limit));
  std::vector<std::string> subjects;
  for (const db::Row row : result) subjects.push_back(row.GetString("subject"));
  return subjects;
}

}  // namespace slipway::pipeline::store
