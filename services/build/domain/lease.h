#pragma once

#include "absl/status/statusor.h"
#include "services/build/domain/records.h"
#include "services/build/domain/secrets.h"
#include "slipway/plan/v1/plan.pb.h"

namespace slipway::build {

// Everything that a runner needs for one holding of one job. NOT_FOUND names a secret that
// `secrets` does not have.
absl::StatusOr<v1::Lease> MakeLease(const JobOfRun& leased, const plan::v1::Plan& plan,
                                    const Secrets& secrets);

// The job of a Plan; null if there is none of that name.
const plan::v1::Job* FindJob(const plan::v1::Plan& plan, const std::string& name);

}  // namespace slipway::build
