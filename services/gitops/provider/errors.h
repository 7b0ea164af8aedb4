#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

// What goes wrong between gitops and the host of its repositories. Each error has its remedy, kept
// apart from the text. Reasons are stable, texts are not.
namespace slipway::gitops::provider {

// UNAUTHENTICATED HOST_TOKEN_REFUSED.
absl::Status TokenRefused(std::string_view host, std::string_view detail, std::string_view remedy);
// PERMISSION_DENIED HOST_SCOPE_MISSING: `scopes` as the host's pages name them.
absl::Status ScopeMissing(std::string_view host, std::string_view action, std::string_view scopes);
// NOT_FOUND HOST_PLACE_NOT_FOUND: `what` is "organization", "group", ...; `field` is in the spec.
absl::Status PlaceNotFound(std::string_view host, std::string_view what, std::string_view name,
                           std::string_view field);
// FAILED_PRECONDITION HOST_PLACE_UNFIT.
absl::Status PlaceUnfit(std::string_view host, std::string_view problem, std::string_view remedy);
// ALREADY_EXISTS HOST_REPOSITORY_NAME_TAKEN.
absl::Status NameTaken(std::string_view host, std::string_view name);
// UNAVAILABLE HOST_RATE_LIMITED, with when to call again.
absl::Status RateLimited(std::string_view host, absl::Duration wait);
// UNAVAILABLE HOST_FAILED; `wait` zero: the host did not say.
absl::Status HostFailed(std::string_view host, int status, absl::Duration wait);
// FAILED_PRECONDITION HOST_REFUSED: an answer that no rule knows.
absl::Status HostRefused(std::string_view host, std::string_view action, int status,
                         std::string_view detail);
// FAILED_PRECONDITION HOST_NOT_ITS_API: something else answers there.
absl::Status NotItsApi(std::string_view host, std::string_view url, int status);

// What to do about an error, of these and of git's and libs/http's.
std::string RemedyOf(const absl::Status& status);
// The text of an error with its remedy.
std::string WithRemedy(const absl::Status& status);
// `status` with every one of `secrets` in its text replaced.
absl::Status WithoutSecrets(const absl::Status& status, const std::vector<std::string>& secrets);

}  // namespace slipway::gitops::provider
