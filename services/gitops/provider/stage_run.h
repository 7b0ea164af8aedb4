#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "slipway/gitops/v1/gitops.pb.h"

namespace slipway::gitops::provider {

// Names, results, remedies and times of the stages of one validation, in order; after one that
// failed none runs but those that clean up. Secrets that an error quotes are taken out of it. Owned
// by the validation; for one thread.
class StageRun {
 public:
  // Both outlive it.
  StageRun(slipway::gitops::v1::GitOpsProviderStatus& stages,
           const std::vector<std::string>& secrets)
      : stages_(stages), secrets_(secrets) {}

  // `stage` returns what to say about it when it passed.
  using Stage = std::function<absl::StatusOr<std::string>()>;
  void Run(const std::string& name, const Stage& stage) {
    if (result_.ok()) RunAlways(name, stage);
  }
  // Also after a failure, which stays the result.
  void RunAlways(const std::string& name, const Stage& stage);
  void Warn(const std::string& warning) { stages_.add_warnings(warning); }

  const absl::Status& result() const { return result_; }

 private:
  slipway::gitops::v1::GitOpsProviderStatus& stages_;
  const std::vector<std::string>& secrets_;
  absl::Status result_;
};

}  // namespace slipway::gitops::provider
