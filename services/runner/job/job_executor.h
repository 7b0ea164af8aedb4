#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/runner/checkout/checkout.h"
#include "services/runner/image/image_builder.h"
#include "services/runner/job/step_log.h"
#include "services/runner/mask/masker.h"
#include "services/runner/sandbox/sandbox.h"
#include "services/runner/spool/courier.h"
#include "slipway/build/v1/runner.pb.h"

namespace slipway::runner {

// What all jobs of a runner share. Owned by App.
struct JobTools {
  const Sandbox& sandbox;
  const Checkout& checkout;
  ImageBuilder& images;
  JobLimits limits;
  int64_t max_log_bytes = 0;
};

// Runs one job: checks its sources out, runs its steps in order until one fails, and tells the
// courier each change of a step and each piece of its masked log. One use, on one thread. Holds the
// job's secrets in memory only.
class JobExecutor {
 public:
  // `folder` belongs to the job: workspace and private files come below it.
  JobExecutor(const JobTools& tools, const build::v1::Lease& lease, std::string folder,
              Courier& courier);

  // The result to complete the job with. A stop request ends what runs within a second and gives
  // CANCELLED.
  build::v1::CompleteJobRequest Run(std::stop_token stop);

 private:
  // How a step ended: OK, or the cause.
  struct StepEnd {
    absl::Status status;
    std::optional<int> exit_code;
  };

  absl::Status CheckOutSources(std::stop_token stop);
  // One source. A git host that is away for a moment is waited for.
  absl::StatusOr<CheckedOut> CheckOut(const git::GitRemote& remote, const plan::v1::Source& source,
                                      StepLog& log, std::stop_token stop);
  absl::Status RunSteps(std::stop_token stop);
  StepEnd RunStep(const plan::v1::Step& step, StepLog& log, std::stop_token stop);
  StepEnd RunShell(const plan::v1::Step& step, std::map<std::string, std::string> env,
                   absl::Duration timeout, StepLog& log, std::stop_token stop);
  StepEnd RunImage(const plan::v1::Step& step, const std::map<std::string, std::string>& env,
                   absl::Duration timeout, StepLog& log, std::stop_token stop);
  absl::StatusOr<ImageRequest> MakeImageRequest(const plan::v1::ImageBuild& image,
                                                const std::map<std::string, std::string>& env);
  absl::StatusOr<std::map<std::string, std::string>> StepEnvironment(
      const plan::v1::Step& step) const;
  void AddRegistryLogin(SandboxCommand& command) const;
  const build::v1::JobCredential* RegistryCredential(const std::string& registry) const;
  absl::Duration TimeLeft() const;
  void Begin(build::v1::Step& state);
  void End(build::v1::Step& state, const StepEnd& end, bool cancelled);

  const JobTools& tools_;
  const build::v1::Lease& lease_;
  const std::string folder_;
  const std::string workspace_;
  Courier& courier_;
  const MaskedTexts texts_;
  const JobCgroup cgroup_;
  const absl::Time deadline_;
  std::map<std::string, std::string> env_;
  std::map<std::string, std::string> source_folders_;  // by source's name
  std::vector<std::string> mirror_objects_;
  std::vector<std::shared_ptr<git::Mirror>> mirrors_;  // held until the job's processes have ended
  std::vector<build::v1::Step> states_;
  std::optional<build::v1::BuiltImage> image_;
};

}  // namespace slipway::runner
