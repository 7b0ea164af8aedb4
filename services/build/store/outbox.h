#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "libs/db/tx.h"
#include "libs/events/outbox.h"
#include "libs/journal/record.h"
#include "services/build/domain/run_aggregate.h"

namespace slipway::build {

// What leaves a transaction besides its own rows.

// Records for "why" and "timeline".
absl::Status WriteFacts(db::Tx& tx, const std::vector<journal::Record>& facts);

// An event for the services above.
absl::Status WriteEvent(db::Tx& tx, events::Outbox& outbox, const std::string& type,
                        const std::string& subject, const google::protobuf::MessageLite& payload,
                        const std::string& trace_id);

// Effects to be carried out after the commit.
absl::Status WriteWork(db::Tx& tx, const std::vector<WorkItem>& items);

}  // namespace slipway::build
