#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "libs/db/tx.h"
#include "libs/events/outbox.h"
#include "services/pipeline/domain/validate.h"
#include "services/pipeline/engine/secrets.h"
#include "services/pipeline/store/resource_store.h"
#include "services/pipeline/store/workflow_store.h"

namespace slipway::pipeline {

// Checks and writes one definition with everything that is kept beside it (references,
// repositories, deployment pipelines, secret values, the event), within the caller's transaction.
// Owned by Definitions; thread-safe.
class Saver {
 public:
  Saver(const Secrets& secrets, events::Outbox& outbox) : secrets_(secrets), outbox_(outbox) {}

  struct Place {
    std::string name;
    std::string parent;
    std::optional<store::ResourceRow> old;         // locked for update; unset: it is new
    std::optional<store::ResourceRow> parent_row;  // locked for share
    std::vector<ErrorDetails::FieldViolation> known_mistakes;  // found before, told with the others
  };
  struct Saved {
    store::ResourceRow row;
    bool changed = true;
  };
  // Saves `resource`, whose secret value is taken out of it. A save that changes nothing leaves the
  // row as it is.
  absl::StatusOr<Saved> Save(db::Tx& tx, const Place& place,
                             google::protobuf::Message* resource) const;

  absl::Status Emit(db::Tx& tx, std::string_view type, std::string_view name,
                    std::string_view app_uid) const;

 private:
  absl::Status Check(db::Tx& tx, const Place& place, bool has_secret,
                     google::protobuf::Message* resource,
                     std::vector<store::DeploymentPipelineRow>* old_pipelines) const;
  absl::Status WriteBeside(db::Tx& tx, const Place& place, const store::ResourceRow& row,
                           const google::protobuf::Message& resource,
                           const std::vector<store::DeploymentPipelineRow>& old_pipelines) const;

  const Secrets& secrets_;
  events::Outbox& outbox_;
};

}  // namespace slipway::pipeline
