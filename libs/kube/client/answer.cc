#include "libs/kube/client/answer.h"

#include <boost/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "libs/kube/object.h"

namespace slipway::kube {
namespace {

constexpr size_t kMaxMessage = 2000;
constexpr absl::Duration kMaxRetryAfter = absl::Minutes(5);

// How API servers and common webhooks say that a field can't be changed. The answer is 422 or, from
// webhooks, 400 or 403.
constexpr std::string_view kImmutableTexts[] = {
    "immutable",
    "updates to statefulset spec for fields other than",
    "pod updates may not change fields other than",
    "cannot change roleref",
    "may not be changed once set",
    "may not change once set",
    "field cannot be changed",
    "updates to parameters are forbidden",
    "updates to provisioner are forbidden",
    "updates to reclaimpolicy are forbidden",
};

bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// "3", or a date (RFC 9110 section 10.2.3).
absl::Duration ReadRetryAfter(std::string_view text) {
  int64_t seconds = 0;
  absl::Time date;
  absl::Duration wait = absl::ZeroDuration();
  if (absl::SimpleAtoi(ToAbsl(text), &seconds)) {
    wait = absl::Seconds(seconds);
  } else if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", ToAbsl(text), &date, nullptr)) {
    wait = date - absl::Now();
  }
  if (wait < absl::ZeroDuration()) return absl::ZeroDuration();
  return wait > kMaxRetryAfter ? kMaxRetryAfter : wait;
}

void ReadDetails(const boost::json::object& details, ApiStatus& status) {
  status.group = GetString(details, "group");
  status.kind = GetString(details, "kind");
  status.name = GetString(details, "name");
  if (const auto seconds = GetInt(details, "retryAfterSeconds"); seconds && *seconds > 0) {
    status.retry_after = std::min(absl::Seconds(*seconds), kMaxRetryAfter);
  }
  const boost::json::array* causes = GetArray(details, "causes");
  if (causes == nullptr) return;
  for (const boost::json::value& entry : *causes) {
    if (!entry.is_object()) continue;
    const boost::json::object& cause = entry.get_object();
    status.causes.push_back({.reason = std::string(GetString(cause, "reason")),
                             .message = Truncate(GetString(cause, "message"), kMaxMessage),
                             .field = std::string(GetString(cause, "field"))});
    if (status.causes.size() == 64) break;
  }
}

bool HasCause(const ApiStatus& status, std::string_view reason) {
  for (const ApiStatus::Cause& cause : status.causes) {
    if (cause.reason == reason) return true;
  }
  return false;
}

bool IsImmutable(const ApiStatus& status) {
  const std::string message = ToLower(status.message);
  for (const std::string_view text : kImmutableTexts) {
    if (Holds(message, text)) return true;
  }
  return false;
}

Outcome ClassifyRefusal(const ApiStatus& status) {
  if (HasCause(status, "NamespaceTerminating") ||
      Holds(status.message, "because it is being terminated")) {
    return Outcome::kNamespaceTerminating;
  }
  return Outcome::kForbidden;
}

Outcome ClassifyServerError(const ApiStatus& status) {
  // Wrong types, unknown fields, duplicate keys and unreadable quantities of an apply: a server
  // error that stays.
  if (Holds(status.message, "failed to create typed patch object") ||
      Holds(status.message, "failed to convert new object") ||
      Holds(status.message, "failed to create manager for existing fields")) {
    return Outcome::kInvalid;
  }
  return status.code == 501 ? Outcome::kInvalid : Outcome::kTransient;
}

absl::StatusCode CodeOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return absl::StatusCode::kOk;
    case Outcome::kConflict:
      return absl::StatusCode::kAborted;
    case Outcome::kAlreadyExists:
      return absl::StatusCode::kAlreadyExists;
    case Outcome::kImmutable:
    case Outcome::kNamespaceTerminating:
      return absl::StatusCode::kFailedPrecondition;
    case Outcome::kInvalid:
      return absl::StatusCode::kInvalidArgument;
    case Outcome::kUnauthorized:
      return absl::StatusCode::kUnauthenticated;
    case Outcome::kForbidden:
      return absl::StatusCode::kPermissionDenied;
    case Outcome::kNotFound:
      return absl::StatusCode::kNotFound;
    case Outcome::kGone:
      return absl::StatusCode::kOutOfRange;
    case Outcome::kCancelled:
      return absl::StatusCode::kCancelled;
    case Outcome::kThrottled:
    case Outcome::kTransient:
      return absl::StatusCode::kUnavailable;
  }
  return absl::StatusCode::kUnknown;
}

absl::Status ErrorOf(const ApiStatus& status, Outcome outcome, std::string_view what) {
  std::string message(what);
  message += ": ";
  message += status.message.empty() ? "HTTP " + std::to_string(status.code) : status.message;
  ErrorDetails details;
  details.reason = "CLUSTER_";
  for (const char c : OutcomeName(outcome)) {
    details.reason += c == '_' ? '_' : static_cast<char>(c - 'a' + 'A');
  }
  details.metadata = {{"http_status", std::to_string(status.code)}};
  if (!status.reason.empty()) details.metadata.emplace_back("kubernetes_reason", status.reason);
  for (const ApiStatus::Cause& cause : status.causes) {
    if (!cause.field.empty()) details.field_violations.push_back({cause.field, cause.message});
  }
  details.retry_after_ms = absl::ToInt64Milliseconds(status.retry_after);
  return MakeError(CodeOf(outcome), message, std::move(details));
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kConflict:
      return "conflict";
    case Outcome::kAlreadyExists:
      return "already_exists";
    case Outcome::kImmutable:
      return "immutable";
    case Outcome::kInvalid:
      return "invalid";
    case Outcome::kUnauthorized:
      return "unauthorized";
    case Outcome::kForbidden:
      return "forbidden";
    case Outcome::kNotFound:
      return "not_found";
    case Outcome::kNamespaceTerminating:
      return "namespace_terminating";
    case Outcome::kThrottled:
      return "throttled";
    case Outcome::kTransient:
      return "transient";
    case Outcome::kGone:
      return "gone";
    case Outcome::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

ApiStatus ParseApiStatus(const Response& response) {
  ApiStatus status;
  status.code = response.status;
  const absl::StatusOr<boost::json::value> body = json::Parse(response.body);
  if (body.ok() && body->is_object() && GetString(body->get_object(), "kind") == "Status") {
    const boost::json::object& object = body->get_object();
    status.reason = GetString(object, "reason");
    status.message = Truncate(ToValidUtf8(GetString(object, "message")), kMaxMessage);
    // A watch that failed says so in the stream of a 200.
    if (const auto code = GetInt(object, "code"); code && status.code < 300) {
      status.code = static_cast<int>(*code);
    }
    if (const auto* details = GetObject(object, "details")) ReadDetails(*details, status);
  } else if (!response.ok()) {
    const std::string text = Truncate(ToValidUtf8(Trim(response.body)), 200);
    status.message = "HTTP " + std::to_string(response.status);
    if (!text.empty()) status.message += ": " + text;
  }
  const std::string_view header = http::FindHeader(response.headers, "Retry-After");
  if (!header.empty()) status.retry_after = ReadRetryAfter(header);
  return status;
}

Outcome Classify(const ApiStatus& status) {
  if (status.code >= 200 && status.code < 300) return Outcome::kOk;
  switch (status.code) {
    case 401:
      return Outcome::kUnauthorized;
    case 403:
      return IsImmutable(status) ? Outcome::kImmutable : ClassifyRefusal(status);
    case 404:
      return Outcome::kNotFound;
    case 408:
      return Outcome::kTransient;
    case 409:
      if (status.reason == "AlreadyExists") return Outcome::kAlreadyExists;
      return HasCause(status, "NamespaceTerminating") ? Outcome::kNamespaceTerminating
                                                      : Outcome::kConflict;
    case 410:
      return Outcome::kGone;
    case 429:
      return Outcome::kThrottled;
    default:
      break;
  }
  if (status.code >= 500) return ClassifyServerError(status);
  return IsImmutable(status) ? Outcome::kImmutable : Outcome::kInvalid;
}

Answer Judge(absl::StatusOr<Response> response, std::string_view what) {
  Answer answer;
  if (!response.ok()) {
    switch (response.status().code()) {
      case absl::StatusCode::kCancelled:
        answer.outcome = Outcome::kCancelled;
        break;
      case absl::StatusCode::kInvalidArgument:
      case absl::StatusCode::kResourceExhausted:
        answer.outcome = Outcome::kInvalid;
        break;
      default:
        answer.outcome = Outcome::kTransient;
    }
    answer.status.message = MessageOf(response.status());
    ErrorDetails details = DetailsOf(response.status());
    answer.error = MakeError(response.status().code(),
                             std::string(what) + ": " + answer.status.message, std::move(details));
    return answer;
  }
  answer.http_status = response->status;
  if (response->ok()) {
    answer.outcome = Outcome::kOk;
    answer.body = std::move(response->body);
    return answer;
  }
  answer.status = ParseApiStatus(*response);
  answer.outcome = Classify(answer.status);
  answer.error = ErrorOf(answer.status, answer.outcome, what);
  return answer;
}

bool IsKindMissing(const ApiStatus& status) {
  return status.code == 404 && status.name.empty() &&
         (status.kind.empty() ||
          Holds(status.message, "the server could not find the requested resource"));
}

bool IsNamespaceMissing(const ApiStatus& status) {
  return status.code == 404 && status.kind == "namespaces" && !status.name.empty();
}

}  // namespace slipway::kube
