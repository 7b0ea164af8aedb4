#pragma once

#include <condition_variable>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/base/embedded_file.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "libs/db/tx.h"
#include "libs/rpc/call_gate.h"
#include "slipway/auth/v1/auth.pb.h"

namespace slipway::service {

// Hands a batch of entries to auth; OK when they are durable there.
using AuditAppend = std::function<absl::Status(const std::vector<slipway::auth::v1::AuditEntry>&)>;

// The audit entries of one service: written to its own database, then appended down to auth, each
// once by its id. Owned by App; thread-safe.
class AuditOutbox {
 public:
  // Migrations of the table, set name "audit".
  static std::span<const EmbeddedFile> Migrations();

  AuditOutbox(db::Pool& pool, Clock& clock, std::string service, AuditAppend append);
  ~AuditOutbox();

  // Writes the entry of a call that succeeds in the transaction of its change, so that there is no
  // change without its entry, and marks the call as audited. `resource` where it is better known
  // than by the request.
  absl::Status Append(db::Tx& tx, rpc::CallContext& call, const std::string& resource = "");

  // Writes an entry in a transaction of its own; a failure is logged. For refusals and calls that
  // were not audited.
  void Record(const rpc::AuditRecord& record);

 private:
  absl::Status Insert(db::Tx& tx, const rpc::AuditRecord& record);
  void Send(const std::stop_token& stop);
  // Number of entries that were handed over.
  absl::StatusOr<int> SendBatch();

  db::Pool& pool_;
  Clock& clock_;
  const std::string service_;
  const AuditAppend append_;
  Mutex mu_;
  std::condition_variable_any wake_;
  bool pending_ SLIPWAY_GUARDED_BY(mu_) = true;
  std::jthread sender_;
};

}  // namespace slipway::service
