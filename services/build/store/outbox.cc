#include "services/build/store/outbox.h"

#include "libs/base/status.h"
#include "libs/journal/journal.h"

namespace slipway::build {

absl::Status WriteFacts(db::Tx& tx, const std::vector<journal::Record>& facts) {
  for (const journal::Record& fact : facts) SLIPWAY_RETURN_IF_ERROR(journal::Append(tx, fact));
  return absl::OkStatus();
}

absl::Status WriteEvent(db::Tx& tx, events::Outbox& outbox, const std::string& type,
                        const std::string& subject, const google::protobuf::MessageLite& payload,
                        const std::string& trace_id) {
  return outbox.Append(tx, {.type = type,
                            .subject = subject,
                            .payload = payload.SerializeAsString(),
                            .trace_id = trace_id});
}

absl::Status WriteWork(db::Tx& tx, const std::vector<WorkItem>& items) {
  static constexpr db::Sql kInsert{"work.insert",
                                   "INSERT INTO work (kind, subject, detail) VALUES ($1, $2, $3)"};
  for (const WorkItem& item : items) {
    SLIPWAY_RETURN_IF_ERROR(tx.Exec(kInsert, item.kind, item.subject, item.detail).status());
  }
  return absl::OkStatus();
}

}  // namespace slipway::build
