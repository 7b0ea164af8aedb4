#include "libs/forge/github.h"

#include <algorithm>
#include <optional>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/json/json.h"

namespace slipway::forge {

std::string Event::ShortRef() const {
  if (IsBranch()) return ref.substr(11);
  if (IsTag()) return ref.substr(10);
  return ref;
}

namespace github {
namespace {

namespace bj = boost::json;

// GitHub lists at most this many commits of a push; a list this long may have been cut.
constexpr size_t kMostCommits = 2048;
constexpr size_t kMostPaths = 100'000;
constexpr char kZeroSha[] = "0000000000000000000000000000000000000000";

std::string Header(const Headers& headers, const char* name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

std::string Text(const bj::value& value, std::string_view path) {
  return json::GetString(value, path).value_or("");
}

const bj::value* Member(const bj::value& value, std::string_view name) {
  const bj::object* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(boost::json::string_view(name.data(), name.size()));
}

bool Flag(const bj::value& value, std::string_view name) {
  const bj::value* member = Member(value, name);
  return member != nullptr && member->is_bool() && member->get_bool();
}

std::vector<std::string> Paths(const bj::value& commit, std::string_view name) {
  std::vector<std::string> paths;
  const bj::value* member = Member(commit, name);
  if (member == nullptr || !member->is_array()) return paths;
  for (const bj::value& path : member->get_array()) {
    if (path.is_string() && paths.size() < kMostPaths) paths.emplace_back(path.get_string());
  }
  return paths;
}

// Whether a commit says which paths it changed: without, the path filters need the repository.
bool ListsPaths(const bj::value& commit) {
  for (const char* name : {"added", "removed", "modified"}) {
    const bj::value* member = Member(commit, name);
    if (member == nullptr || !member->is_array()) return false;
  }
  return true;
}

PushedCommit CommitOf(const bj::value& value) {
  PushedCommit commit;
  commit.id = Text(value, "id");
  commit.message = Text(value, "message");
  commit.author = Text(value, "author.name") + " <" + Text(value, "author.email") + ">";
  commit.timestamp = Text(value, "timestamp");
  commit.added = Paths(value, "added");
  commit.removed = Paths(value, "removed");
  commit.modified = Paths(value, "modified");
  return commit;
}

bool IsSha(const std::string& text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool IsSaneRef(const std::string& ref) {
  return ref.starts_with("refs/") && ref.size() <= 1024 && ref.find("..") == std::string::npos &&
         std::none_of(ref.begin(), ref.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

// application/x-www-form-urlencoded: the member "payload".
std::optional<std::string> FormPayload(std::string_view body) {
  for (const std::string& pair : Split(body, '&')) {
    if (!pair.starts_with("payload=")) continue;
    std::string out;
    for (size_t i = 8; i < pair.size(); ++i) {
      if (pair[i] == '+') {
        out.push_back(' ');
      } else if (pair[i] == '%') {
        const auto byte = i + 2 < pair.size() ? HexDecode(pair.substr(i + 1, 2)) : std::nullopt;
        if (!byte) return std::nullopt;
        out += *byte;
        i += 2;
      } else {
        out.push_back(pair[i]);
      }
    }
    return out;
  }
  return std::nullopt;
}

absl::Status BadPayload(std::string_view problem) {
  return InvalidField("payload", problem);
}

absl::StatusOr<Event> PushOf(const bj::value& payload) {
  Event event;
  event.kind = Event::Kind::kPush;
  event.ref = Text(payload, "ref");
  event.before = Text(payload, "before");
  event.after = Text(payload, "after");
  if (!IsSaneRef(event.ref)) return BadPayload("a push needs a full ref such as refs/heads/main");
  if (!IsSha(event.before) || !IsSha(event.after)) return BadPayload("a push needs before and after of 40 hex digits");
  event.created = Flag(payload, "created") || event.before == kZeroSha;
  event.deleted = Flag(payload, "deleted") || event.after == kZeroSha;
  event.forced = Flag(payload, "forced");
  event.pusher = Text(payload, "sender.login");
  if (event.pusher.empty()) event.pusher = Text(payload, "pusher.name");
  bool lists_paths = true;
  if (const bj::value* commits = Member(payload, "commits"); commits != nullptr && commits->is_array()) {
    for (const bj::value& commit : commits->get_array()) {
      if (event.commits.size() >= kMostCommits) break;
      lists_paths = lists_paths && ListsPaths(commit);
      event.commits.push_back(CommitOf(commit));
    }
  }
  if (const bj::value* head = Member(payload, "head_commit"); head != nullptr && head->is_object()) event.head = CommitOf(*head);
  event.commits_complete = lists_paths && !event.forced && !event.created && !event.commits.empty() &&
                           event.commits.size() < kMostCommits && event.commits.back().id == event.after;
  return event;
}

}  // namespace

absl::Status Verify(const Headers& headers, std::string_view body, std::string_view secret) {
  const std::string given = Header(headers, "x-hub-signature-256");
  if (secret.empty()) return absl::UnauthenticatedError("the hook has no secret");
  if (given.empty()) return absl::UnauthenticatedError("X-Hub-Signature-256 is missing");
  const std::string expected = "sha256=" + HexEncode(HmacSha256(secret, body));
  if (!ConstantTimeEquals(given, expected)) return absl::UnauthenticatedError("the signature is wrong");
  return absl::OkStatus();
}

absl::StatusOr<std::string> DeliveryId(const Headers& headers) {
  std::string id = Header(headers, "x-github-delivery");
  if (id.empty() || id.size() > 128) return InvalidField("X-GitHub-Delivery", "must have 1 to 128 characters");
  return ToValidUtf8(id);
}

absl::StatusOr<std::vector<Event>> Normalise(const Headers& headers, std::string_view body) {
  std::string form;
  if (Header(headers, "content-type").starts_with("application/x-www-form-urlencoded")) {
    auto payload = FormPayload(body);
    if (!payload) return BadPayload("the form has no member \"payload\"");
    form = *std::move(payload);
    body = form;
  }
  SLIPWAY_ASSIGN_OR_RETURN(const bj::value payload, json::Parse(body, {.max_bytes = 26 << 20}));
  if (!payload.is_object()) return BadPayload("is not a JSON object");
  const std::string word = Truncate(ToValidUtf8(Header(headers, "x-github-event")), 64);
  Event event;
  if (word == "push") {
    SLIPWAY_ASSIGN_OR_RETURN(event, PushOf(payload));
  } else if (word == "ping") {
    event.kind = Event::Kind::kPing;
  }
  event.forge_word = word;
  event.repository = Text(payload, "repository.full_name");
  for (const char* path : {"repository.clone_url", "repository.html_url", "repository.ssh_url", "repository.git_url"}) {
    std::string url = Text(payload, path);
    if (!url.empty()) event.repository_urls.push_back(std::move(url));
  }
  if (event.kind == Event::Kind::kPush && event.repository_urls.empty()) return BadPayload("a push needs repository.clone_url");
  return std::vector<Event>{std::move(event)};
}

}  // namespace github
}  // namespace slipway::forge
