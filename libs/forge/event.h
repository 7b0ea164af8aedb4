#pragma once

#include <string>
#include <vector>

namespace slipway::forge {

// One commit as a push lists it.
struct PushedCommit {
  std::string id = {};
  std::string message = {};
  std::string author = {};  // "Name <mail>"
  std::string timestamp = {};
  std::vector<std::string> added = {};
  std::vector<std::string> removed = {};
  std::vector<std::string> modified = {};
};

// What happened at a forge, in one form for all of them. A value.
struct Event {
  enum class Kind { kPush, kPing, kOther };
  Kind kind = Kind::kOther;
  std::string forge_word = {};  // the forge's own name of the event: "push"

  // URLs of the repository in all spellings that the payload gives, and its full name ("demo/hello").
  std::vector<std::string> repository_urls = {};
  std::string repository = {};

  std::string ref = {};     // full: "refs/heads/main"
  std::string before = {};  // 40 hex digits; zeros for a new ref
  std::string after = {};   // zeros for a deleted ref
  bool created = false;
  bool deleted = false;
  bool forced = false;

  // The push's commits, the oldest first. Not complete: the forge cut the list, or the push was forced.
  std::vector<PushedCommit> commits = {};
  bool commits_complete = false;
  PushedCommit head = {};      // the commit that the ref points to now
  std::string pusher = {};     // login of who pushed

  bool IsBranch() const { return ref.starts_with("refs/heads/"); }
  bool IsTag() const { return ref.starts_with("refs/tags/"); }
  // "main" for "refs/heads/main".
  std::string ShortRef() const;
};

}  // namespace slipway::forge
