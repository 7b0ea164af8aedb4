#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "slipway/build/v1/build.pb.h"

namespace slipway::build {

// The errors of this service that users and runners see. Reasons are API, texts are not.

absl::Status RunNotFound(std::string_view name);                         // NOT_FOUND
absl::Status JobNotFound(std::string_view name);                         // NOT_FOUND
absl::Status StepNotFound(std::string_view job, std::string_view step);  // NOT_FOUND
absl::Status AttemptNotFound(std::string_view job, int attempt);         // NOT_FOUND
absl::Status ImageNotFound(std::string_view name);                       // NOT_FOUND
absl::Status RunnerNotFound(std::string_view name);                      // NOT_FOUND
absl::Status RunnerExists(std::string_view name);                        // ALREADY_EXISTS
absl::Status SecretMissing(std::string_view name);                       // NOT_FOUND: of a lease

absl::Status RunHasEnded(std::string_view name, v1::State state);  // FAILED_PRECONDITION, on cancel
absl::Status RunHasNotEnded(std::string_view name,
                            v1::State state);  // FAILED_PRECONDITION, on retry
// PERMISSION_DENIED: the run would deploy by itself to an environment that the caller may not
// trigger.
absl::Status DeploysToForbidden(std::string_view environment);

absl::Status NotARunner();                                   // PERMISSION_DENIED
absl::Status ForeignLease(std::string_view job);             // PERMISSION_DENIED
absl::Status LeaseLost(std::string_view job);                // ABORTED
absl::Status LogGap(int64_t offset, int64_t size);           // OUT_OF_RANGE
absl::Status LogIncomplete(int64_t size, int64_t expected);  // OUT_OF_RANGE
absl::Status LogPruned(std::string_view job, int attempt, absl::Time when);  // NOT_FOUND
absl::Status LogPieceTooLarge(size_t size, size_t limit);    // INVALID_ARGUMENT

}  // namespace slipway::build
