#pragma once

#include <condition_variable>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "libs/db/pool.h"
#include "libs/forge/event.h"
#include "libs/journal/record.h"
#include "libs/telemetry/metrics.h"
#include "services/trigger/domain/match.h"
#include "services/trigger/domain/peers.h"
#include "services/trigger/store/store.h"

namespace slipway::trigger {

// Turns stored deliveries into runs: normalise, match, plan, create runs, and write the outcome
// with a decision for each workflow. A few threads; deliveries of one ref go one after another, in
// the order in which they came. Everything that it asks of other services is idempotent by the
// delivery's id, so a delivery whose processing was cut off is processed again and starts nothing
// twice. Owned by App; thread-safe.
class Processor {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    Peers& peers;
    telemetry::Metrics& metrics;
    std::string holder;  // stable name of this instance
    int threads = 3;
  };
  explicit Processor(Parts parts);
  ~Processor();

  // Takes back what an earlier process of the same name held, and starts the threads.
  absl::Status Start();
  void Stop();
  // There may be something to do. Cheap; from any thread.
  void Wake();

 private:
  // One workflow and what became of it.
  struct Outcome {
    slipway::trigger::v1::Delivery::Match match;
    journal::Record decision;
  };

  void Run(const std::stop_token& stop);
  void ProcessOne(store::DeliveryRow delivery);
  absl::Status Process(store::DeliveryRow& delivery, std::vector<Outcome>& outcomes);
  // All workflows of the event's repository, with the hook's right to speak for it checked.
  absl::StatusOr<std::vector<slipway::pipeline::v1::FindWorkflowsResponse::Match>> WorkflowsOf(
      const store::DeliveryRow& delivery, const forge::Event& event);
  absl::StatusOr<MatchResult> MatchOne(
      const store::DeliveryRow& delivery, const forge::Event& event,
      const slipway::pipeline::v1::FindWorkflowsResponse::Match& workflow);
  absl::Status StartRuns(
      const store::DeliveryRow& delivery, const forge::Event& event,
      const std::vector<const slipway::pipeline::v1::FindWorkflowsResponse::Match*>& matched,
      std::vector<Outcome*>& outcomes);
  absl::Status Finish(const store::DeliveryRow& delivery, const std::vector<Outcome>& outcomes);
  void Retry(store::DeliveryRow& delivery, const absl::Status& error);

  Parts parts_;
  Mutex mu_;
  std::condition_variable_any wake_;
  int pending_ SLIPWAY_GUARDED_BY(mu_) = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace slipway::trigger
