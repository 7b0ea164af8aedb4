#include "libs/forge/github.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/json/json.h"

namespace slipway::forge {
namespace {

const std::string kBefore = "6113728f27ae82c7b1a177c8d03f9e96e0adf246";
const std::string kMiddle = "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5";
const std::string kAfter = "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c";
const std::string kZero(40, '0');

// A push as GitHub documents it, with the fields that such payloads carry.
constexpr char kPush[] = R"({
  "ref": "refs/heads/main", "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246", "after": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
  "repository": {"id": 186853002, "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=", "name": "shop", "full_name": "acme/shop", "private": false,
    "owner": {"name": "acme", "email": "acme@example.com", "login": "acme", "id": 21031067, "type": "Organization", "site_admin": false},
    "html_url": "https://github.com/acme/shop", "description": null, "fork": false, "url": "https://github.com/acme/shop",
    "created_at": 1557933565, "updated_at": "2019-05-15T15:20:41Z", "pushed_at": 1557933657, "git_url": "git://github.com/acme/shop.git",
    "ssh_url": "git@github.com:acme/shop.git", "clone_url": "https://github.com/acme/shop.git", "size": 0, "topics": [], "visibility": "public",
    "default_branch": "main", "master_branch": "main", "stargazers": 1},
  "pusher": {"name": "ada", "email": "ada@example.com"},
  "sender": {"login": "ada-l", "id": 21031067, "type": "User", "site_admin": false},
  "created": false, "deleted": false, "forced": false, "base_ref": null,
  "compare": "https://github.com/acme/shop/compare/6113728f27ae...0d1a26e67d8f",
  "commits": [
    {"id": "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5", "tree_id": "f9d2a07e9488b91af2641b26b9407fe22a451433", "distinct": true, "message": "Add cart\n\nWith tests.",
     "timestamp": "2026-01-02T03:04:05+01:00", "url": "https://github.com/acme/shop/commit/59b20b8", "author": {"name": "Bo", "email": "bo@example.com", "username": "bo-c"},
     "committer": {"name": "GitHub", "email": "noreply@github.com", "username": "web-flow"}, "added": ["src/cart.c"], "removed": [], "modified": ["Makefile"]},
    {"id": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c", "tree_id": "f9d2a07e9488b91af2641b26b9407fe22a451433", "distinct": true, "message": "Drop list",
     "timestamp": "2026-01-02T03:05:05+01:00", "url": "https://github.com/acme/shop/commit/0d1a26e", "author": {"name": "Bo", "email": "bo@example.com"},
     "committer": {"name": "Bo", "email": "bo@example.com"}, "added": [], "removed": ["src/list.c"], "modified": []}],
  "head_commit": {"id": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c", "message": "Drop list", "timestamp": "2026-01-02T03:05:05+01:00",
     "author": {"name": "Bo", "email": "bo@example.com"}, "added": [], "removed": ["src/list.c"], "modified": []}})";

http::Headers HeadersOf(const std::string& event,
                        const std::string& content_type = "application/json") {
  return {{"Content-Type", content_type},
          {"X-GitHub-Event", event},
          {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"}};
}

Event Read(const boost::json::value& payload) {
  auto events = ReadGitHubDelivery(HeadersOf("push"), boost::json::serialize(payload));
  INFO(events.status());
  REQUIRE(events.ok());
  REQUIRE(events->size() == 1);
  return events->front();
}

boost::json::value Payload() { return *json::Parse(kPush); }

TEST_CASE("A push becomes an event with its commits") {
  const Event event = Read(Payload());
  CHECK(event.kind == Event::Kind::kPush);
  CHECK(event.delivery_id == "72d3162e-cc78-11e3-81ab-4c9367dc0958");
  CHECK(event.repository.full_name == "acme/shop");
  CHECK(event.repository.Urls() == std::vector<std::string>{"https://github.com/acme/shop.git",
                                                            "https://github.com/acme/shop",
                                                            "git@github.com:acme/shop.git"});
  CHECK(event.ref == "refs/heads/main");
  CHECK(event.IsBranch());
  CHECK(event.ShortRef() == "main");
  CHECK(event.before == kBefore);
  CHECK(event.after == kAfter);
  CHECK_FALSE((event.created || event.deleted || event.forced));
  REQUIRE(event.commits.size() == 2);
  CHECK(event.commits[0].id == kMiddle);
  CHECK(event.commits[0].author.username == "bo-c");
  CHECK(event.commits[0].added == std::vector<std::string>{"src/cart.c"});
  CHECK(event.commits[1].removed == std::vector<std::string>{"src/list.c"});
  CHECK(event.commits_complete);
  CHECK(event.head.message == "Drop list");
  CHECK(event.pusher.name == "ada");
  CHECK(event.pusher.username == "ada-l");
}

TEST_CASE("A form carries the same payload as JSON does") {
  std::string form = "other=1&payload=";
  for (const char c : std::string_view(kPush))
    form += c == ' ' ? "+" : "%" + HexEncode(std::string(1, c));
  auto events = ReadGitHubDelivery(
      HeadersOf("push", "application/x-www-form-urlencoded; charset=utf-8"), form);
  REQUIRE(events.ok());
  CHECK(events->front().commits.size() == 2);
  for (const char* bad : {"", "payload", "payload=%", "payload=%7", "payload=%zz", "pay=1"}) {
    CHECK_FALSE(
        ReadGitHubDelivery(HeadersOf("push", "application/x-www-form-urlencoded"), bad).ok());
  }
}

TEST_CASE("New, deleted and forced refs and tags are told apart") {
  auto payload = Payload();
  payload.at("before") = kZero;
  payload.at("created") = true;
  Event event = Read(payload);
  CHECK(event.created);
  CHECK_FALSE(event.commits_complete);

  payload = Payload();
  payload.at("after") = kZero;
  payload.at("deleted") = true;
  payload.at("commits") = boost::json::array();
  payload.at("head_commit") = nullptr;
  event = Read(payload);
  CHECK(event.deleted);
  CHECK(event.head.id.empty());

  payload = Payload();
  payload.at("forced") = true;
  CHECK_FALSE(Read(payload).commits_complete);

  payload = Payload();
  payload.at("ref") = "refs/tags/v1.0";
  event = Read(payload);
  CHECK(event.IsTag());
  CHECK(event.ShortRef() == "v1.0");
}

TEST_CASE("A list of commits that may be cut off is not called complete") {
  auto payload = Payload();
  auto& commits = payload.at("commits").as_array();
  SECTION("as long as GitHub lists") {
    while (commits.size() < 2048) commits.insert(commits.begin(), commits.front());
  }
  SECTION("without the pushed commit") { commits.pop_back(); }
  SECTION("empty") { commits.clear(); }
  SECTION("with a commit that lacks its paths") { commits[0].as_object().erase("added"); }
  CHECK_FALSE(Read(payload).commits_complete);
}

TEST_CASE("A ping and events that are not known start nothing and are no error") {
  auto ping = ReadGitHubDelivery(
      HeadersOf("ping"),
      R"({"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {"type": "Repository", "events": ["push"]}})");
  REQUIRE(ping.ok());
  CHECK(ping->front().kind == Event::Kind::kPing);
  auto other = ReadGitHubDelivery(HeadersOf("star"), R"({"action": "created"})");
  REQUIRE(other.ok());
  CHECK(other->front().kind == Event::Kind::kOther);
  CHECK(other->front().name == "star");
}

TEST_CASE("What is no delivery is refused by name") {
  const auto problem = [](const http::Headers& headers, const std::string& body) {
    const absl::Status status = ReadGitHubDelivery(headers, body).status();
    CHECK(DetailsOf(status).reason == "PAYLOAD_MALFORMED");
    return MessageOf(status);
  };
  CHECK(problem({}, kPush).find("X-GitHub-Event") != std::string::npos);
  CHECK(problem({{"X-GitHub-Event", "push"}}, kPush).find("X-GitHub-Delivery") !=
        std::string::npos);
  CHECK(problem(HeadersOf("push", "text/plain"), kPush).find("text/plain") != std::string::npos);
  CHECK(problem(HeadersOf("push"), "{").find("line 1") != std::string::npos);
  CHECK(problem(HeadersOf("push"), "[]").find("object") != std::string::npos);
  CHECK(problem(HeadersOf("push"), "{}").find("\"ref\"") != std::string::npos);
  CHECK(problem(HeadersOf("push"), std::string(100'000, '[')).find("deep") != std::string::npos);
}

// Calls `visit(mutant)` for every value of `root` (reached through `node`) deleted, nullified and
// retyped.
template <typename F>
void ForEachMutant(boost::json::value& root, boost::json::value& node, const F& visit) {
  const auto with = [&](boost::json::value& place, const boost::json::value& other) {
    boost::json::value kept = other;
    std::swap(place, kept);
    visit(root);
    std::swap(place, kept);
  };
  const boost::json::array others = {nullptr,
                                     true,
                                     -1,
                                     1e300,
                                     "",
                                     "text",
                                     std::string(40, '0'),
                                     "\xff\xfe",
                                     std::string(3, '\0'),
                                     boost::json::array(),
                                     boost::json::object(),
                                     boost::json::array{boost::json::array{1}, "x", nullptr},
                                     boost::json::value{{"id", 1}}};
  if (boost::json::object* object = node.if_object()) {
    std::vector<std::string> keys;
    for (const auto& entry : *object) keys.emplace_back(entry.key());
    for (const std::string& key : keys) {
      for (const auto& other : others) with((*object)[key], other);
      boost::json::value kept = (*object)[key];
      object->erase(key);
      visit(root);
      (*object)[key] = kept;
      ForEachMutant(root, (*object)[key], visit);
    }
  } else if (boost::json::array* array = node.if_array()) {
    for (size_t i = 0; i < array->size(); ++i) {
      for (const auto& other : others) with((*array)[i], other);
      ForEachMutant(root, (*array)[i], visit);
    }
  }
}

TEST_CASE("No mutant of a payload gets anything but events or a named refusal") {
  auto payload = Payload();
  size_t mutants = 0, refused = 0;
  ForEachMutant(payload, payload, [&](const boost::json::value& mutant) {
    ++mutants;
    auto events = ReadGitHubDelivery(HeadersOf("push"), boost::json::serialize(mutant));
    if (!events.ok()) {
      ++refused;
      REQUIRE(DetailsOf(events.status()).reason == "PAYLOAD_MALFORMED");
      return;
    }
    const Event& event = events->front();
    REQUIRE(event.ref.starts_with("refs/"));
    REQUIRE(event.after.size() == 40);
    // Whoever trusts the list has ids and paths.
    if (event.commits_complete) REQUIRE(event.commits.back().id == event.after);
  });
  CHECK(mutants > 1000);
  CHECK(refused > 20);
  CHECK(refused < mutants / 4);
}

TEST_CASE("A payload cut off or with a wrong byte anywhere is no crash") {
  const std::string text = kPush;
  for (size_t i = 0; i < text.size(); i += 3) {
    CHECK_FALSE(ReadGitHubDelivery(HeadersOf("push"), text.substr(0, i)).ok());
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x80);
    (void)ReadGitHubDelivery(HeadersOf("push"), changed).ok();
  }
}

}  // namespace
}  // namespace slipway::forge
