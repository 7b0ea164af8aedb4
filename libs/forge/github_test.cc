#include "libs/forge/github.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "libs/base/encoding.h"

namespace slipway::forge::github {
namespace {

namespace bj = boost::json;

// A push of two commits with the members that GitHub's documentation lists.
constexpr char kPush[] = R"({
  "ref": "refs/heads/main",
  "before": "1111111111111111111111111111111111111111",
  "after": "3333333333333333333333333333333333333333",
  "created": false, "deleted": false, "forced": false, "base_ref": null,
  "compare": "https://example.com/demo/hello/compare/111...333",
  "commits": [
    {"id": "2222222222222222222222222222222222222222", "tree_id": "aa", "distinct": true, "message": "one",
     "timestamp": "2026-03-01T12:00:00Z", "url": "https://example.com/c/2",
     "author": {"name": "Ann", "email": "ann@example.com", "username": "ann"},
     "committer": {"name": "Ann", "email": "ann@example.com"},
     "added": ["src/new.c"], "removed": [], "modified": ["README.md"]},
    {"id": "3333333333333333333333333333333333333333", "tree_id": "bb", "distinct": true, "message": "two\n\nbody",
     "timestamp": "2026-03-01T12:01:00Z", "url": "https://example.com/c/3",
     "author": {"name": "Ann", "email": "ann@example.com"},
     "committer": {"name": "Ann", "email": "ann@example.com"},
     "added": [], "removed": ["old.txt"], "modified": []}
  ],
  "head_commit": {"id": "3333333333333333333333333333333333333333", "message": "two\n\nbody",
     "timestamp": "2026-03-01T12:01:00Z", "author": {"name": "Ann", "email": "ann@example.com"},
     "added": [], "removed": ["old.txt"], "modified": []},
  "repository": {"id": 7, "name": "hello", "full_name": "demo/hello", "private": true,
     "owner": {"name": "demo", "login": "demo"},
     "html_url": "https://example.com/demo/hello", "clone_url": "https://example.com/demo/hello.git",
     "ssh_url": "git@example.com:demo/hello.git", "git_url": "git://example.com/demo/hello.git", "default_branch": "main"},
  "pusher": {"name": "ann", "email": "ann@example.com"},
  "sender": {"login": "ann", "id": 3}
})";

const Headers kHeaders = {{"x-github-event", "push"}, {"x-github-delivery", "d-1"}, {"content-type", "application/json"}};

Headers Signed(std::string_view body, std::string_view secret) {
  Headers headers = kHeaders;
  headers["x-hub-signature-256"] = "sha256=" + HexEncode(HmacSha256(secret, body));
  return headers;
}

// Calls `use` with every variant of `value` in which one member, at any depth, is missing, null or of another type.
void ForEachMutant(bj::value& root, bj::value& value, const std::function<void()>& use) {
  if (bj::object* object = value.if_object()) {
    std::vector<std::string> keys;
    for (const auto& member : *object) keys.emplace_back(member.key());
    for (const std::string& key : keys) {
      const bj::value kept = object->at(key);
      for (const bj::value& other : {bj::value(nullptr), bj::value("x"), bj::value(-1), bj::value(true), bj::value(bj::array{1, nullptr}),
                                     bj::value(bj::object{{"x", 1}})}) {
        (*object)[key] = other;
        use();
      }
      object->erase(key);
      use();
      (*object)[key] = kept;
      ForEachMutant(root, object->at(key), use);
    }
  } else if (bj::array* array = value.if_array()) {
    for (bj::value& element : *array) ForEachMutant(root, element, use);
  }
}

}  // namespace

TEST_CASE("a signature over the raw bytes is accepted and nothing else") {
  const std::string body = kPush;
  CHECK(Verify(Signed(body, "s3cret"), body, "s3cret").ok());
  const auto refused = [&](const Headers& headers, std::string_view text, std::string_view secret) {
    return Verify(headers, text, secret).code() == absl::StatusCode::kUnauthenticated;
  };
  CHECK(refused(Signed(body, "other"), body, "s3cret"));
  CHECK(refused(Signed(body, "s3cret"), body + " ", "s3cret"));
  CHECK(refused(kHeaders, body, "s3cret"));
  CHECK(refused(Signed(body, ""), body, ""));
  Headers short_one = Signed(body, "s3cret");
  short_one["x-hub-signature-256"].pop_back();
  CHECK(refused(short_one, body, "s3cret"));
  Headers sha1 = kHeaders;
  sha1["x-hub-signature"] = "sha1=0000000000000000000000000000000000000000";
  CHECK(refused(sha1, body, "s3cret"));
  short_one["x-hub-signature-256"] = "sha256";
  CHECK(refused(short_one, body, "s3cret"));
}

TEST_CASE("a push becomes one event with all its commits") {
  const auto events = Normalise(kHeaders, kPush).value();
  REQUIRE(events.size() == 1);
  const Event& event = events[0];
  CHECK(event.kind == Event::Kind::kPush);
  CHECK(event.ShortRef() == "main");
  CHECK(event.repository == "demo/hello");
  CHECK(event.repository_urls.front() == "https://example.com/demo/hello.git");
  REQUIRE(event.commits.size() == 2);
  CHECK(event.commits[0].added == std::vector<std::string>{"src/new.c"});
  CHECK(event.commits[1].removed == std::vector<std::string>{"old.txt"});
  CHECK(event.commits_complete);
  CHECK(event.head.author == "Ann <ann@example.com>");
  CHECK(event.pusher == "ann");
}

TEST_CASE("a form body is read as its payload") {
  Headers headers = kHeaders;
  headers["content-type"] = "application/x-www-form-urlencoded";
  std::string form = "a=b&payload=";
  for (unsigned char c : std::string(kPush)) form += c == ' ' ? std::string("+") : "%" + HexEncode(std::string(1, static_cast<char>(c)));
  CHECK(Normalise(headers, form).value()[0].ref == "refs/heads/main");
  CHECK_FALSE(Normalise(headers, "a=b").ok());
  CHECK_FALSE(Normalise(headers, "payload=%2").ok());
}

TEST_CASE("new, deleted and forced pushes are told apart and their commit lists are not trusted to be complete") {
  bj::value payload = bj::parse(kPush);
  payload.as_object()["before"] = std::string(40, '0');
  CHECK(Normalise(kHeaders, bj::serialize(payload)).value()[0].created);
  CHECK_FALSE(Normalise(kHeaders, bj::serialize(payload)).value()[0].commits_complete);
  payload = bj::parse(kPush);
  payload.as_object()["after"] = std::string(40, '0');
  payload.as_object()["head_commit"] = nullptr;
  CHECK(Normalise(kHeaders, bj::serialize(payload)).value()[0].deleted);
  payload = bj::parse(kPush);
  payload.as_object()["forced"] = true;
  CHECK_FALSE(Normalise(kHeaders, bj::serialize(payload)).value()[0].commits_complete);
  payload = bj::parse(kPush);
  payload.at("commits").as_array()[0].as_object().erase("modified");
  CHECK_FALSE(Normalise(kHeaders, bj::serialize(payload)).value()[0].commits_complete);
}

TEST_CASE("no damaged payload crashes but becomes an event or an error") {
  bj::value payload = bj::parse(kPush);
  int mutants = 0;
  ForEachMutant(payload, payload, [&] {
    ++mutants;
    const auto events = Normalise(kHeaders, bj::serialize(payload));
    if (events.ok()) CHECK(events->size() == 1);
  });
  CHECK(mutants > 300);
  for (const char* bad : {"", "null", "[]", "\"x\"", "{", "{\"ref\":", "{}"}) CHECK_FALSE(Normalise(kHeaders, bad).ok());
}

TEST_CASE("refs that could be read as options or paths are refused") {
  bj::value payload = bj::parse(kPush);
  for (const char* ref : {"--upload-pack=x", "main", "refs/heads/a..b", "refs/heads/a b", "refs/heads/a\nb", ""}) {
    payload.as_object()["ref"] = ref;
    CHECK_FALSE(Normalise(kHeaders, bj::serialize(payload)).ok());
  }
}

TEST_CASE("other events are named and start nothing") {
  Headers headers = kHeaders;
  headers["x-github-event"] = "ping";
  CHECK(Normalise(headers, R"({"zen":"x","repository":{"full_name":"a/b"}})").value()[0].kind == Event::Kind::kPing);
  headers["x-github-event"] = "issues";
  CHECK(Normalise(headers, "{}").value()[0].kind == Event::Kind::kOther);
  CHECK_FALSE(DeliveryId({}).ok());
}

}  // namespace slipway::forge::github
