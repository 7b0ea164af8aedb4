#include "tools/slipway/client/api.h"

#include <cstdlib>
#include <optional>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"
#include "tools/slipway/client/json_text.h"
#include "tools/slipway/errors.h"

namespace slipway::cli {
namespace {

namespace bj = boost::json;

// Longer than any answer of the gateway takes, so that its own error is what is shown.
constexpr absl::Duration kTimeout = absl::Seconds(60);

void Escape(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
}

absl::StatusCode CodeOfName(std::string_view name) {
  using absl::StatusCode;
  constexpr std::pair<std::string_view, StatusCode> kCodes[] = {
      {"CANCELLED", StatusCode::kCancelled},
      {"INVALID_ARGUMENT", StatusCode::kInvalidArgument},
      {"DEADLINE_EXCEEDED", StatusCode::kDeadlineExceeded},
      {"NOT_FOUND", StatusCode::kNotFound},
      {"ALREADY_EXISTS", StatusCode::kAlreadyExists},
      {"PERMISSION_DENIED", StatusCode::kPermissionDenied},
      {"RESOURCE_EXHAUSTED", StatusCode::kResourceExhausted},
      {"FAILED_PRECONDITION", StatusCode::kFailedPrecondition},
      {"ABORTED", StatusCode::kAborted},
      {"OUT_OF_RANGE", StatusCode::kOutOfRange},
      {"UNIMPLEMENTED", StatusCode::kUnimplemented},
      {"INTERNAL", StatusCode::kInternal},
      {"UNAVAILABLE", StatusCode::kUnavailable},
      {"DATA_LOSS", StatusCode::kDataLoss},
      {"UNAUTHENTICATED", StatusCode::kUnauthenticated},
  };
  for (const auto& [known, code] : kCodes) {
    if (known == name) return code;
  }
  return StatusCode::kUnknown;
}

// {"error": {...}} as a status; nothing if it is none.
std::optional<absl::Status> ReadError(const bj::value& answer) {
  const std::string name = Text(answer, "error.status");
  if (name.empty()) return std::nullopt;
  ErrorDetails details;
  for (const bj::value& detail : List(answer, "error.details")) {
    if (const std::string reason = Text(detail, "reason"); !reason.empty()) details.reason = reason;
    for (const bj::value& violation : List(detail, "fieldViolations")) {
      details.field_violations.push_back(
          {Text(violation, "field"), Text(violation, "description")});
    }
  }
  std::string message = Text(answer, "error.message");
  const absl::StatusCode code = CodeOfName(name);
  const bool has_remedy = message.find("slipway login") != std::string::npos;
  if (code == absl::StatusCode::kUnauthenticated && !has_remedy)
    message += "; sign in with: slipway login URL";
  return MakeError(code, message, std::move(details));
}

}  // namespace

Path::Path(std::string_view name, std::string_view verb) : text_("/v1") {
  for (const std::string& segment : Split(name, '/')) {
    text_ += '/';
    Escape(segment, text_);
  }
  if (!verb.empty()) text_ += ":" + std::string(verb);
}

Path& Path::With(std::string_view key, std::string_view value) {
  if (value.empty()) return *this;
  text_ += has_query_ ? '&' : '?';
  text_ += std::string(key) + "=";
  Escape(value, text_);
  has_query_ = true;
  return *this;
}

absl::Status Api::ErrorOf(const std::string& url, int http_status, std::string_view body) const {
  const absl::StatusOr<bj::value> answer = json::Parse(body);
  if (answer.ok()) {
    if (auto error = ReadError(*answer)) return *error;
  }
  return StrangeAnswer(url, http_status, body);
}

absl::StatusOr<http::HttpRequest> Api::Request(const std::string& method, const Path& path) const {
  if (settings_.url().empty()) return NoServer();
  if (settings_.token().empty()) return NotSignedIn();
  http::HttpRequest request;
  request.method = method;
  request.url = settings_.url() + path.text();
  request.bearer = settings_.token();
  request.timeout = kTimeout;
  request.max_response_bytes = 64 << 20;
  return request;
}

absl::StatusOr<bj::value> Api::Send(const std::string& url, const http::HttpRequest& request) {
  const absl::StatusOr<http::HttpResponse> response = client_.Send(request);
  if (!response.ok()) {
    return absl::IsInvalidArgument(response.status()) ? response.status()
                                                      : NotReached(url, response.status());
  }
  if (response->status / 100 != 2) return ErrorOf(url, response->status, response->body);
  absl::StatusOr<bj::value> value =
      json::Parse(response->body, {.max_bytes = 64 << 20, .max_depth = 64});
  if (!value.ok()) return StrangeAnswer(url, response->status, response->body);
  return value;
}

absl::StatusOr<bj::value> Api::Call(const std::string& method, const Path& path,
                                    const bj::object* body) {
  SLIPWAY_ASSIGN_OR_RETURN(http::HttpRequest request, Request(method, path));
  if (body != nullptr) {
    request.body = bj::serialize(*body);
    request.headers.emplace_back("Content-Type", "application/json");
  }
  return Send(settings_.url(), request);
}

absl::StatusOr<bj::value> Api::Post(const Path& path, const bj::object& body) {
  return Call("POST", path, &body);
}

absl::StatusOr<bj::value> Api::Patch(const Path& path, const bj::object& body) {
  return Call("PATCH", path, &body);
}

absl::StatusOr<bj::value> Api::PostTo(const std::string& url, const Path& path,
                                      const bj::object& body) {
  http::HttpRequest request;
  request.method = "POST";
  request.url = url + path.text();
  request.timeout = kTimeout;
  request.body = bj::serialize(body);
  request.headers.emplace_back("Content-Type", "application/json");
  return Send(url, request);
}

absl::StatusOr<bj::array> Api::GetAll(const Path& path, std::string_view member, size_t limit) {
  bj::array all;
  std::string token;
  do {
    Path page = path;
    page.With("pageSize", std::to_string(std::min<size_t>(limit - all.size(), 200)))
        .With("pageToken", token);
    SLIPWAY_ASSIGN_OR_RETURN(const bj::value answer, Get(page));
    for (const bj::value& item : List(answer, member)) {
      if (all.size() < limit) all.push_back(item);
    }
    token = Text(answer, "nextPageToken");
  } while (!token.empty() && all.size() < limit);
  return all;
}

absl::Status Api::Stream(const Path& path, bool follow, const OnMessage& on_message) {
  SLIPWAY_ASSIGN_OR_RETURN(http::HttpRequest request, Request("GET", path));
  request.timeout = absl::InfiniteDuration();
  request.headers.emplace_back("Accept", follow ? "text/event-stream" : "application/x-ndjson");
  bool finished = false;
  absl::Status ended;
  const auto finish = [&](absl::Status status) {
    finished = true;
    ended = std::move(status);
    return false;
  };
  const auto take = [&](std::string_view type, std::string_view data) {
    if (type == "end") return finish(absl::OkStatus());
    const absl::StatusOr<bj::value> value = json::Parse(data);
    if (!value.ok()) return finish(StrangeAnswer(settings_.url(), 200, data));
    if (auto error = ReadError(*value)) return finish(*error);
    return on_message(*value) || finish(absl::OkStatus());
  };
  http::SseReader events(
      [&](const http::SseReader::Event& event) { return take(event.type, event.data); });
  std::string rest;
  const auto lines = [&](std::string_view piece) {
    rest += piece;
    for (size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
      const std::string line = rest.substr(0, end);
      rest.erase(0, end + 1);
      if (!line.empty() && !take("", line)) return false;
    }
    return true;
  };
  const absl::StatusOr<http::HttpResponse> response = client_.Stream(
      request, [&](std::string_view piece) { return follow ? events.Feed(piece) : lines(piece); });
  if (!response.ok()) {
    return absl::IsInvalidArgument(response.status())
               ? response.status()
               : NotReached(settings_.url(), response.status());
  }
  if (response->status / 100 != 2)
    return ErrorOf(settings_.url(), response->status, response->body);
  if (finished) return ended;
  // Lines have no mark for their end: the end of the body is one.
  if (!follow && rest.empty()) return absl::OkStatus();
  return absl::UnavailableError("the stream was cut");
}

}  // namespace slipway::cli
