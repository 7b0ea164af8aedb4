#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "libs/base/mutex.h"
#include "libs/base/wake_loop.h"
#include "libs/db/pool.h"
#include "services/gitops/domain/deployment.h"

namespace slipway::gitops {

// A hint of one replica to the others. A value.
struct Notice {
  enum class Kind {
    kDeployment,   // one of the environment `name` has come to `state`
    kEnvironment,  // somebody said or changed something about it
    kPush,         // to the repository with the URL `name`
    kDefinition,   // "projects/P" or "environments/E"
    kCluster,      // the definition of the cluster `name`
    kCredentials,  // of registries
    kProvider,     // another one is in force, or one is to be validated
    kLeases,       // who works on which cluster may change
  };
  Kind kind = Kind::kLeases;
  std::string name = {};  // an environment's as AppEnvironment::Name has it
  DeploymentState state = DeploymentState::DeploymentStatus_State_STATE_UNSPECIFIED;

  bool operator==(const Notice&) const = default;
};

// One line; and back, empty: it is none.
std::string ToText(const Notice& notice);
std::optional<Notice> ParseNotice(const std::string& text);

// Tells the other replicas what happened here, by db::Leadership. What gets lost is found by their
// own looks, a little later. Owned by App; thread-safe.
class ReplicaWire {
 public:
  // `session`: of this process, whose own notices come back, too. `name`: that of the leadership.
  ReplicaWire(db::Pool& pool, std::string name);

  void Start(const std::string& session, std::function<bool()> alone);
  // What was said last is told before it returns.
  void Stop();
  // Never blocks; nothing where there is nobody to tell.
  void Say(const Notice& notice);
  // The notice in what was heard; empty: it is this process's own.
  std::optional<Notice> Hear(const std::string& text) const;

 private:
  absl::Duration Pass();

  db::Pool& pool_;
  const std::string name_;
  std::string session_;
  std::function<bool()> alone_;
  Mutex mu_;
  std::set<std::string> queue_ SLIPWAY_GUARDED_BY(mu_);  // the same is said once
  WakeLoop loop_;
};

}  // namespace slipway::gitops
