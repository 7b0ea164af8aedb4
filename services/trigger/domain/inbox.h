#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/seal/key_ring.h"
#include "services/trigger/domain/refusals.h"
#include "services/trigger/store/store.h"
#include "slipway/trigger/v1/trigger.pb.h"

namespace slipway::trigger {

// Takes webhooks in: verify on the raw bytes, deduplicate, store, and only then answer. Owned by
// App; thread-safe.
class Inbox {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    const seal::KeyRing& keys;
    Refusals& refusals;
    std::function<void()> stored;  // called after a commit that stored something new
  };
  explicit Inbox(Parts parts) : parts_(std::move(parts)) {}

  // One transaction for the batch. Statuses: 202 stored, 200 stored before, 400 not readable, 401
  // signature, 404 no such hook, 409 the id of an earlier delivery with another body.
  absl::StatusOr<slipway::trigger::v1::DeliverBatchResponse> Deliver(
      const slipway::trigger::v1::DeliverBatchRequest& request, absl::Time deadline);

 private:
  using Answer = slipway::trigger::v1::DeliverBatchResponse::Answer;
  using Incoming = slipway::trigger::v1::DeliverBatchRequest::Incoming;

  // The row to store, or the answer that refuses.
  struct Checked {
    store::DeliveryRow row;
    Answer refusal;
    bool refused = false;
    std::string reason;  // of the refusal, for the count
  };
  Checked Check(const Incoming& incoming, const store::HookRow* hook, absl::Time now) const;
  absl::StatusOr<Answer> Store(db::Tx& tx, const store::DeliveryRow& row, const Incoming& incoming,
                               absl::Time now, bool& is_new);

  Parts parts_;
};

}  // namespace slipway::trigger
