#pragma once

#include <condition_variable>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/db/db.h"
#include "services/pipeline/engine/caller.h"
#include "services/pipeline/engine/saver.h"
#include "slipway/pipeline/v1/pipeline.pb.h"

namespace slipway::pipeline {

// What is being deleted, until it is gone: services confirm that they have cleaned up, then the
// grants are taken away at auth by a loop of our own, then the row goes. Owned by App; thread-safe;
// Start and Stop once each.
class Deletions {
 public:
  // Takes all grants of a scope away; called again until it is OK.
  using DeleteScope = std::function<absl::Status(const std::string& project, const std::string& app,
                                                 const std::string& environment)>;

  // `app_gone` is called after the end of each app.
  Deletions(db::Pool& pool, events::Outbox& outbox, const Secrets& secrets,
            DeleteScope delete_scope, std::function<void()> app_gone)
      : pool_(pool),
        saver_(secrets, outbox),
        delete_scope_(std::move(delete_scope)),
        app_gone_(std::move(app_gone)) {}
  ~Deletions() { Stop(); }

  void Start();
  void Stop();
  // There may be work.
  void Wake();

  // Starts to delete a deployment pipeline; refused while others come after it. Gives the workflow
  // with it marked.
  absl::StatusOr<v1::Workflow> DeletePipeline(const Caller& caller, std::string_view name) const;

  // `service` has cleaned up after an app or deployment pipeline. What is gone already, or belongs
  // to an app of another uid, is OK and changes nothing.
  absl::Status Confirm(const Caller& caller, std::string_view name, std::string_view service,
                       std::string_view app_uid);

 private:
  absl::Status ConfirmPipeline(db::Tx& tx, std::string_view name, std::string_view app_uid) const;
  absl::Status ConfirmApp(db::Tx& tx, std::string_view name, std::string_view service,
                          std::string_view app_uid);
  void Loop(const std::stop_token& stop);
  // Does what there is to do; false if some of it has to be tried again.
  bool WorkOnce();
  absl::Status Finish(const std::string& subject) const;

  db::Pool& pool_;
  const Saver saver_;
  const DeleteScope delete_scope_;
  const std::function<void()> app_gone_;
  Mutex mu_;
  std::condition_variable_any wake_;
  bool pending_ SLIPWAY_GUARDED_BY(mu_) = true;
  std::jthread thread_;
};

}  // namespace slipway::pipeline
