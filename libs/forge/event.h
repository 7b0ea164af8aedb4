#pragma once

#include <string>
#include <vector>

namespace slipway::forge {

struct Person {
  std::string name = {};
  std::string email = {};
  std::string username = {};  // at the forge
};

// One commit as a push lists it. Paths are relative to the repository's root.
struct PushedCommit {
  std::string id = {};
  std::string message = {};
  std::string timestamp = {};  // ISO 8601 as the forge wrote it
  Person author = {};
  std::vector<std::string> added = {};
  std::vector<std::string> removed = {};
  std::vector<std::string> modified = {};
};

// The repository in the forge's words. Compare URLs by NormaliseRepositoryUrl only.
struct EventRepository {
  std::string full_name = {};  // "acme/shop"
  std::string clone_url = {};
  std::string html_url = {};
  std::string ssh_url = {};
  std::string default_branch = {};

  // Those of the three URLs that are there.
  std::vector<std::string> Urls() const;
};

// One thing that happened, whichever forge told it. A value; every text is valid UTF-8.
struct Event {
  enum class Kind { kPush, kPing, kOther };

  Kind kind = Kind::kOther;
  std::string name = {};         // in the forge's word: "push"
  std::string delivery_id = {};  // the forge's; the same when it delivers again
  EventRepository repository = {};

  // Of a push.
  std::string ref = {};     // "refs/heads/main"
  std::string before = {};  // 40 hex digits; zeros: the ref is new
  std::string after = {};   // zeros: the ref is gone
  bool created = false;
  bool deleted = false;
  bool forced = false;
  std::vector<PushedCommit> commits = {};  // oldest first
  // False when the list may lack commits or paths: what changed has to be looked up in the
  // repository then.
  bool commits_complete = false;
  PushedCommit head = {};  // of `after`; empty id when the forge sent none
  Person pusher = {};      // who pushed, which is not who wrote the commits

  bool IsBranch() const { return ref.starts_with("refs/heads/"); }
  bool IsTag() const { return ref.starts_with("refs/tags/"); }
  // "main" or "v1.0"; a ref that is neither branch nor tag as it is.
  std::string ShortRef() const;
};

}  // namespace slipway::forge
