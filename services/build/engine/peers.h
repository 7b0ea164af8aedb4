#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/build/domain/plan_facts.h"
#include "services/build/domain/secrets.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::build {

// How far a call to another service may go, and what it belongs to.
struct CallScope {
  absl::Time deadline = absl::InfiniteFuture();
  std::string traceparent = {};
};

struct PlanWish {
  std::string workflow = {};
  std::string commit = {};
  std::string ref = {};
  std::map<std::string, std::string> variables = {};
  bool ignore_cache = false;
};

struct TagWish {
  std::string workflow = {};
  std::string pattern = {};
  std::string registry_host = {};
  std::string repository = {};
  std::string key = {};
};

// What this service asks the pipeline service. Implemented over gRPC in peers/, by a fake in tests.
// Thread-safe.
class PipelinePeer {
 public:
  virtual ~PipelinePeer() = default;
  virtual absl::StatusOr<plan::v1::Plan> CreatePlan(const PlanWish& wish,
                                                    const CallScope& scope) = 0;
  // ALREADY_EXISTS: the tag is taken. The same key gets the same tag.
  virtual absl::StatusOr<std::string> ReserveImageTag(const TagWish& wish,
                                                      const CallScope& scope) = 0;
  virtual absl::Status ReleaseImageTag(const std::string& key, bool used,
                                       const CallScope& scope) = 0;
  virtual absl::StatusOr<Secrets> ResolveSecrets(const SecretNeeds& needs,
                                                 const CallScope& scope) = 0;
  virtual absl::Status ConfirmDeletion(const std::string& app, const std::string& app_uid,
                                       const CallScope& scope) = 0;
};

// What this service asks the auth service. Thread-safe.
class AuthPeer {
 public:
  virtual ~AuthPeer() = default;
  virtual absl::StatusOr<std::string> CreateRunnerToken(const std::string& runner,
                                                        const CallScope& scope) = 0;
  virtual absl::Status DeleteRunnerTokens(const std::string& runner, const CallScope& scope) = 0;
};

}  // namespace slipway::build
