#include "libs/forge/github.h"

#include <algorithm>
#include <optional>
#include <string>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/forge/errors.h"
#include "libs/forge/form.h"
#include "libs/json/json.h"

namespace slipway::forge {
namespace {

using boost::json::value;

constexpr size_t kMaxBody = 25 << 20;    // GitHub's own limit
constexpr size_t kListedCommits = 2048;  // GitHub lists no more
constexpr size_t kListedPaths = 3000;    // nor more paths of one commit
constexpr size_t kMaxText = 64 << 10;    // of one message
constexpr size_t kMaxName = 1024;        // of a ref, URL or name

std::string Text(const value& json, std::string_view path, size_t max = kMaxName) {
  return Truncate(ToValidUtf8(json::GetString(json, path).value_or("")), max);
}

bool IsCommitId(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsZero(std::string_view id) { return id.find_first_not_of('0') == std::string_view::npos; }

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

absl::StatusOr<value> PayloadOf(const http::Headers& headers, std::string_view body) {
  if (body.size() > kMaxBody) return PayloadMalformed("the payload is larger than 25 MiB");
  const std::string content_type = ToLower(http::FindHeader(headers, "Content-Type"));
  const std::string_view media_type =
      Trim(std::string_view(content_type).substr(0, content_type.find(';')));
  std::string unpacked;
  if (media_type == "application/x-www-form-urlencoded") {
    std::optional<std::string> field = FormValue(body, "payload");
    if (!field) return PayloadMalformed("the form has no field \"payload\"");
    unpacked = *std::move(field);
    body = unpacked;
  } else if (media_type != "application/json") {
    return PayloadMalformed("content type \"" + Truncate(ToValidUtf8(media_type), 80) +
                            "\" is neither application/json nor application/x-www-form-urlencoded");
  }
  absl::StatusOr<value> payload = json::Parse(body, {.max_bytes = kMaxBody, .max_depth = 32});
  if (!payload.ok()) return PayloadMalformed("the payload is " + MessageOf(payload.status()));
  if (!payload->is_object()) return PayloadMalformed("the payload is no JSON object");
  return payload;
}

EventRepository RepositoryOf(const value& payload) {
  EventRepository repository;
  repository.full_name = Text(payload, "repository.full_name");
  repository.clone_url = Text(payload, "repository.clone_url");
  repository.html_url = Text(payload, "repository.html_url");
  repository.ssh_url = Text(payload, "repository.ssh_url");
  repository.default_branch = Text(payload, "repository.default_branch");
  return repository;
}

// Reads a commit's list of paths; false if it is not there or not whole.
bool ReadPaths(const value& commit, std::string_view name, std::vector<std::string>& out) {
  const boost::json::array* list = json::GetArray(commit, name);
  if (list == nullptr) return false;
  for (const value& path : *list) {
    if (!path.is_string()) return false;
    out.push_back(ToValidUtf8({path.get_string().data(), path.get_string().size()}));
  }
  return list->size() < kListedPaths;
}

// Returns whether the commit is told wholly.
bool ReadCommit(const value& json, PushedCommit& commit) {
  commit.id = Text(json, "id");
  commit.message = Text(json, "message", kMaxText);
  commit.timestamp = Text(json, "timestamp");
  commit.author = {Text(json, "author.name"), Text(json, "author.email"),
                   Text(json, "author.username")};
  const bool added = ReadPaths(json, "added", commit.added);
  const bool removed = ReadPaths(json, "removed", commit.removed);
  const bool modified = ReadPaths(json, "modified", commit.modified);
  return IsCommitId(commit.id) && added && removed && modified;
}

// Reads the list of commits. It is complete only if it ends with the pushed commit, and the push
// went forward from a commit that was there: of a new or forced ref the list tells less than the
// repository.
void ReadCommits(const value& payload, Event& event) {
  const boost::json::array* list = json::GetArray(payload, "commits");
  if (list == nullptr) return;
  bool whole = !list->empty() && list->size() < kListedCommits;
  for (const value& item : *list) {
    PushedCommit commit;
    whole = ReadCommit(item, commit) && whole;
    event.commits.push_back(std::move(commit));
  }
  event.commits_complete = whole && !event.forced && !event.created && !event.deleted &&
                           event.commits.back().id == event.after;
}

absl::Status ReadPush(const value& payload, Event& event) {
  event.ref = Text(payload, "ref");
  event.before = Text(payload, "before");
  event.after = Text(payload, "after");
  if (!event.ref.starts_with("refs/") || HasControl(event.ref))
    return PayloadMalformed("\"ref\" is no ref");
  if (!IsCommitId(event.before)) return PayloadMalformed("\"before\" is no commit id");
  if (!IsCommitId(event.after)) return PayloadMalformed("\"after\" is no commit id");
  if (event.repository.Urls().empty()) return PayloadMalformed("\"repository\" has no URL");
  // The ids decide; the flags only say the same again.
  event.created = IsZero(event.before);
  event.deleted = IsZero(event.after);
  event.forced = json::GetBool(payload, "forced").value_or(false);
  event.pusher = {Text(payload, "pusher.name"), Text(payload, "pusher.email"),
                  Text(payload, "sender.login")};
  ReadCommits(payload, event);
  if (const value* head = json::Find(payload, "head_commit")) ReadCommit(*head, event.head);
  if (event.head.id != event.after) event.head = {};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Event>> ReadGitHubDelivery(const http::Headers& headers,
                                                      std::string_view body) {
  Event event;
  event.name = Truncate(ToValidUtf8(http::FindHeader(headers, "X-GitHub-Event")), 80);
  event.delivery_id = std::string(http::FindHeader(headers, "X-GitHub-Delivery"));
  if (event.name.empty()) return PayloadMalformed("the header X-GitHub-Event is missing");
  if (event.delivery_id.empty() || event.delivery_id.size() > 128 ||
      HasControl(event.delivery_id)) {
    return PayloadMalformed("the header X-GitHub-Delivery is missing or is no id");
  }
  event.delivery_id = ToValidUtf8(event.delivery_id);
  SLIPWAY_ASSIGN_OR_RETURN(const value payload, PayloadOf(headers, body));
  event.repository = RepositoryOf(payload);
  if (event.name == "push") {
    event.kind = Event::Kind::kPush;
    SLIPWAY_RETURN_IF_ERROR(ReadPush(payload, event));
  } else if (event.name == "ping") {
    event.kind = Event::Kind::kPing;
  }
  return std::vector<Event>{std::move(event)};
}

}  // namespace slipway::forge
