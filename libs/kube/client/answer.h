#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/kube/client/request.h"

namespace slipway::kube {

// A Kubernetes Status object: how the API server says what went wrong
// (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/). A value.
struct ApiStatus {
  struct Cause {
    std::string reason = {};   // "FieldValueInvalid", "NamespaceTerminating"
    std::string message = {};  // for people
    std::string field = {};    // "spec.selector"
  };

  int code = 0;              // HTTP status
  std::string reason = {};   // "Conflict", "Invalid"; empty when the body was no Status
  std::string message = {};  // as the server wrote it, at most 2,000 bytes
  std::string group = {}, kind = {}, name = {};  // details: what it is about; kind is a resource
  std::vector<Cause> causes = {};
  absl::Duration retry_after = absl::ZeroDuration();  // 0: the server asked for no delay
};

// The Status in an answer that is no success. A body that is none (a proxy's page, a cut answer)
// gives the HTTP status and the start of its text. Retry-After (seconds or a date) is read from the
// header, else from the details. Pure.
ApiStatus ParseApiStatus(const Response& response);

// What an answer means for the one who asked.
enum class Outcome {
  kOk,
  kConflict,              // 409: a precondition or another field manager; read again
  kAlreadyExists,         // 409 of a create
  kImmutable,             // 422: a field that can't be changed; only deleting and creating helps
  kInvalid,               // permanent: the object or request is wrong
  kUnauthorized,          // 401: the credentials
  kForbidden,             // 403: permanent for this attempt, rights may come
  kNotFound,              // 404: the object, its namespace or its kind
  kNamespaceTerminating,  // nothing can be created until the namespace is gone
  kThrottled,             // 429: again after ApiStatus::retry_after
  kTransient,             // 5xx, time-out, connection: again with back-off
  kGone,                  // 410: the resource version or page is too old
  kCancelled,             // the caller cancelled; whether the server acted is not known
};

// "ok", "conflict", "already_exists", ...: for logs and metrics.
std::string_view OutcomeName(Outcome outcome);

// The table of the README. Pure.
Outcome Classify(const ApiStatus& status);

// The answer to one request about an object. A value.
struct Answer {
  Outcome outcome = Outcome::kTransient;
  int http_status = 0;      // 0: there was no answer
  std::string body = {};    // JSON of a success
  ApiStatus status = {};    // of a failure
  absl::Status error = {};  // of a failure: ready for a user, with code, reason and retry delay

  bool ok() const { return outcome == Outcome::kOk; }
};

// Judges what Client gave back. `what` starts the text of an error: "apply Deployment shop/api".
Answer Judge(absl::StatusOr<Response> response, std::string_view what);

// True when a 404 says that the kind itself is not served (a CRD that is not there yet), not that
// one object is missing.
bool IsKindMissing(const ApiStatus& status);
// True when a 404 says that the namespace of the object does not exist.
bool IsNamespaceMissing(const ApiStatus& status);

}  // namespace slipway::kube
