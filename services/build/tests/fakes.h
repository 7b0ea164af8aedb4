#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/base/mutex.h"
#include "services/build/engine/peers.h"

namespace slipway::build {

// A pipeline service that knows one plan and answers as a test wants. Thread-safe.
class FakePipeline final : public PipelinePeer {
 public:
  absl::StatusOr<plan::v1::Plan> CreatePlan(const PlanWish& wish, const CallScope&) override {
    MutexLock lock(mu_);
    wishes.push_back(wish);
    if (!plan_error.ok()) return plan_error;
    return plan;
  }
  absl::StatusOr<std::string> ReserveImageTag(const TagWish& wish, const CallScope&) override {
    MutexLock lock(mu_);
    if (!tag_error.ok()) return tag_error;
    auto [it, fresh] = tags.try_emplace(wish.key, "v" + std::to_string(tags.size() + 1));
    return it->second;
  }
  absl::Status ReleaseImageTag(const std::string& key, bool used, const CallScope&) override {
    MutexLock lock(mu_);
    released.emplace_back(key, used);
    return release_error;
  }
  absl::StatusOr<Secrets> ResolveSecrets(const SecretNeeds& needs, const CallScope&) override {
    MutexLock lock(mu_);
    ++asked_for_secrets;
    if (!secrets_error.ok()) return secrets_error;
    Secrets secrets;
    for (const std::string& name : needs.git_accounts)
      secrets.git_accounts[name].set_password("git-password");
    for (const std::string& name : needs.registries)
      secrets.registries[name].set_password("registry-password");
    for (const std::string& name : needs.secrets) secrets.values[name] = "secret-value";
    return secrets;
  }
  absl::Status ConfirmDeletion(const std::string& app, const std::string& app_uid,
                               const CallScope&) override {
    MutexLock lock(mu_);
    confirmed.emplace_back(app, app_uid);
    return absl::OkStatus();
  }

  void Set(absl::Status FakePipeline::*field, absl::Status status) {
    MutexLock lock(mu_);
    this->*field = std::move(status);
  }

  plan::v1::Plan plan;
  absl::Status plan_error;
  absl::Status tag_error;
  absl::Status secrets_error;
  absl::Status release_error;
  int asked_for_secrets = 0;
  std::vector<PlanWish> wishes;
  std::map<std::string, std::string> tags;
  std::vector<std::pair<std::string, bool>> released;
  std::vector<std::pair<std::string, std::string>> confirmed;

 private:
  Mutex mu_;
};

// An auth service that gives and takes tokens. Thread-safe.
class FakeAuth final : public AuthPeer {
 public:
  absl::StatusOr<std::string> CreateRunnerToken(const std::string& runner,
                                                const CallScope&) override {
    if (!error.ok()) return error;
    return "token-of-" + runner;
  }
  absl::Status DeleteRunnerTokens(const std::string& runner, const CallScope&) override {
    deleted.push_back(runner);
    return absl::OkStatus();
  }

  absl::Status error;
  std::vector<std::string> deleted;
};

}  // namespace slipway::build
