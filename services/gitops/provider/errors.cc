#include "services/gitops/provider/errors.h"

#include <utility>
#include <vector>

#include "libs/base/error.h"
#include "libs/base/strings.h"

namespace slipway::gitops::provider {
namespace {

using Code = absl::StatusCode;

constexpr char kRemedy[] = "remedy";

absl::Status Error(Code code, std::string reason, const std::string& message,
                   std::string_view remedy, absl::Duration wait = absl::ZeroDuration()) {
  ErrorDetails details;
  details.reason = std::move(reason);
  details.metadata = {{kRemedy, std::string(remedy)}};
  details.retry_after_ms = absl::ToInt64Milliseconds(wait);
  return MakeError(code, message, std::move(details));
}

std::string S(std::string_view text) { return std::string(text); }

// What a stranger's server says, fit for a line.
std::string Said(std::string_view detail) {
  const std::string text = Truncate(ToValidUtf8(Trim(detail)), 300);
  return text.empty() ? "" : ": " + text;
}

}  // namespace

absl::Status TokenRefused(std::string_view host, std::string_view detail, std::string_view remedy) {
  return Error(Code::kUnauthenticated, "HOST_TOKEN_REFUSED",
               S(host) + " does not accept the token" + Said(detail), remedy);
}

absl::Status ScopeMissing(std::string_view host, std::string_view action, std::string_view scopes) {
  return Error(Code::kPermissionDenied, "HOST_SCOPE_MISSING",
               S(host) + " does not let this token " + S(action),
               "give the token the scope " + S(scopes));
}

absl::Status PlaceNotFound(std::string_view host, std::string_view what, std::string_view name,
                           std::string_view field) {
  return Error(Code::kNotFound, "HOST_PLACE_NOT_FOUND",
               S(host) + " has no " + S(what) + " \"" + S(name) + "\" that this token may see",
               "correct spec." + S(field) + ", or make the token's user a member of it");
}

absl::Status PlaceUnfit(std::string_view host, std::string_view problem, std::string_view remedy) {
  return Error(Code::kFailedPrecondition, "HOST_PLACE_UNFIT", S(host) + ": " + S(problem), remedy);
}

absl::Status NameTaken(std::string_view host, std::string_view name) {
  return Error(
      Code::kAlreadyExists, "HOST_REPOSITORY_NAME_TAKEN",
      S(host) + " says that repository \"" + S(name) + "\" exists, but this token can't use it",
      "give the token's user access to it, or choose another name in spec.repository");
}

absl::Status RateLimited(std::string_view host, absl::Duration wait) {
  return Error(Code::kUnavailable, "HOST_RATE_LIMITED",
               S(host) + " takes no more requests for " +
                   absl::FormatDuration(absl::Ceil(wait, absl::Seconds(1))),
               "it is tried again by itself then", wait);
}

absl::Status HostFailed(std::string_view host, int status, absl::Duration wait) {
  return Error(Code::kUnavailable, "HOST_FAILED",
               S(host) + " answers " + std::to_string(status) + ", an error of its own",
               "it is tried again by itself", wait);
}

absl::Status HostRefused(std::string_view host, std::string_view action, int status,
                         std::string_view detail) {
  return Error(
      Code::kFailedPrecondition, "HOST_REFUSED",
      S(host) + " refuses to " + S(action) + " (" + std::to_string(status) + ")" + Said(detail),
      "correct it and save the provider again");
}

absl::Status NotItsApi(std::string_view host, std::string_view url, int status) {
  return Error(
      Code::kFailedPrecondition, "HOST_NOT_ITS_API",
      S(url) + " answers (" + std::to_string(status) + "), but not like the API of " + S(host),
      "correct spec.host, or the service's setting provider-hosts");
}

std::string RemedyOf(const absl::Status& status) {
  if (status.ok()) return "";
  const ErrorDetails details = DetailsOf(status);
  for (const auto& [key, value] : details.metadata) {
    if (key == kRemedy) return value;
  }
  if (details.reason == "HTTP_CERTIFICATE" || details.reason == "GIT_CERTIFICATE")
    return "give the authority that signed it in spec.tls.caCertificate";
  switch (status.code()) {
    case Code::kUnauthenticated:
      return "check username and token";
    case Code::kPermissionDenied:
      return "give this user the right to write to the repository";
    case Code::kNotFound:
      return "check the URL, or create the repository";
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
      return "it is tried again by itself";
    case Code::kInvalidArgument:
      return "if the host is yours, allow it with the service's setting allowed-hosts";
    default:
      return "correct it and save the provider again";
  }
}

std::string WithRemedy(const absl::Status& status) {
  return MessageOf(status) + "; " + RemedyOf(status);
}

absl::Status WithoutSecrets(const absl::Status& status, const std::vector<std::string>& secrets) {
  if (status.ok()) return status;
  const auto clean = [&](std::string text) {
    for (const std::string& secret : secrets) {
      if (secret.empty()) continue;
      for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3))
        text.replace(at, secret.size(), "***");
    }
    return text;
  };
  ErrorDetails details = DetailsOf(status);
  for (auto& [key, value] : details.metadata) value = clean(value);
  return MakeError(status.code(), clean(MessageOf(status)), std::move(details));
}

}  // namespace slipway::gitops::provider
