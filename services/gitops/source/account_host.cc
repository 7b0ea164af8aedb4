#include "services/gitops/source/account_host.h"

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/http/url.h"

namespace slipway::gitops {

absl::Status CheckAccountHost(const std::string& account, const std::string& host,
                              const std::string& url) {
  SLIPWAY_ASSIGN_OR_RETURN(const http::Url target, http::ParseUrl(url));
  SLIPWAY_ASSIGN_OR_RETURN(const http::Url own, http::ParseUrl("https://" + host));
  if (target.host == own.host && target.port == own.port) return absl::OkStatus();
  ErrorDetails details;
  details.reason = "ACCOUNT_FOR_OTHER_HOST";
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "Git account \"" + account + "\" is for " + host +
                       ", and its token is not sent to " + target.ForPeople(),
                   std::move(details));
}

}  // namespace slipway::gitops
