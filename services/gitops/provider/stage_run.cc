#include "services/gitops/provider/stage_run.h"

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "services/gitops/provider/errors.h"

namespace slipway::gitops::provider {

void StageRun::RunAlways(const std::string& name, const Stage& stage) {
  const absl::Time start = absl::Now();
  const absl::StatusOr<std::string> said = stage();
  const absl::Status status = WithoutSecrets(said.status(), secrets_);
  auto& entry = *stages_.add_stages();
  entry.set_name(name);
  entry.set_ok(status.ok());
  entry.set_message(status.ok() ? *said : MessageOf(status));
  entry.set_remedy(RemedyOf(status));
  entry.set_duration_ms(absl::ToInt64Milliseconds(absl::Now() - start));
  if (result_.ok()) result_ = status;
}

}  // namespace slipway::gitops::provider
