#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/db/tx.h"
#include "libs/events/outbox.h"
#include "libs/journal/journal.h"
#include "libs/telemetry/metrics.h"
#include "services/gitops/domain/deployment.h"
#include "services/gitops/domain/watchers.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::gitops {

// What a new deployment is made of. A value.
struct NewDeployment {
  AppEnvironment where = {};
  std::string app_uid = {};
  ImageRecord image = {};
  slipway::pipeline::v1::DeploySpec deploy = {};
  slipway::pipeline::v1::Strategy strategy = {};
  std::string cluster = "local";
  std::string k8s_namespace = {};
  std::optional<std::string> own_repository = {};  // of the project; empty: it has none
  std::string actor = {};
  std::string why = {};  // for the journal: what decided that it is made
  std::string rule = {};
  std::map<std::string, std::string> values = {};
  int64_t rollback_of = 0;
  bool pinned = false;
  std::string request_id = {};
  std::string traceparent = {};
  // With a deploy.path: the repository that it is in.
  slipway::pipeline::v1::Repository repository = {};
};

// What changes together with a state.
struct Change {
  std::string reason = {};
  std::optional<std::string> commit = {};
  std::optional<std::string> url = {};
  std::optional<absl::Time> progress_by = {};
  std::map<std::string, std::string> values = {};
};

// The only code that makes deployments and changes their state: by the table in deployment_state.h,
// with journal, event and wake-ups in the same transaction. Owned by App; thread-safe.
class Lifecycle {
 public:
  // Told after the commit that a deployment of the environment changed.
  using Changed = std::function<void(const AppEnvironment& where, DeploymentState state)>;

  // `metrics` may be null.
  Lifecycle(Clock& clock, events::Outbox& outbox, Watchers& watchers, telemetry::Metrics* metrics)
      : clock_(clock), outbox_(outbox), watchers_(watchers), metrics_(metrics) {}
  // Once, before use.
  void OnChanged(Changed changed) { changed_ = std::move(changed); }

  // Takes the next number, renders, pins or unpins the environment, and supersedes what has not
  // ended there.
  absl::StatusOr<Deployment> Create(db::Tx& tx, const NewDeployment& make);

  // The deployment after `event`; empty if the event means nothing in its state (somebody was
  // faster).
  absl::StatusOr<std::optional<Deployment>> Advance(db::Tx& tx, int64_t id, DeploymentEvent event,
                                                    const Change& change);

  // A new reason within the state: what it waits for. Writes nothing when it is the same.
  absl::Status Explain(db::Tx& tx, int64_t id, const std::string& reason);

  // A record about a deployment that changes no state: drift, waiting.
  absl::Status Note(db::Tx& tx, const Deployment& deployment, const std::string& event,
                    journal::Verdict verdict, const std::string& message,
                    std::map<std::string, std::string> values = {});

 private:
  absl::Status Write(db::Tx& tx, Deployment& deployment, DeploymentEvent event, DeploymentState to,
                     const Change& change);
  void WakeAfter(db::Tx& tx, const Deployment& deployment);

  Clock& clock_;
  events::Outbox& outbox_;
  Watchers& watchers_;
  telemetry::Metrics* const metrics_;
  Changed changed_;
};

// "projects/P/apps/A/images/ID" and the like related to a deployment, as a record has them.
std::vector<std::string> RelatedTo(const Deployment& deployment);

}  // namespace slipway::gitops
