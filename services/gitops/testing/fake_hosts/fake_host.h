#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/base/mutex.h"
#include "libs/git/testing/git_server.h"
#include "libs/http/server.h"

namespace slipway::gitops::fake {

// A request to a fake's API, taken apart.
struct Call {
  std::string method = {};
  std::vector<std::string> path = {};             // decoded segments, below the API's base
  std::map<std::string, std::string> query = {};  // decoded
  http::Headers headers = {};
  boost::json::object body = {};  // empty if it had none

  std::string Header(std::string_view name) const {
    return std::string(http::FindHeader(headers, name));
  }
  // Whether method and path are these; "*" stands for any segment.
  bool Is(std::string_view wanted_method, std::string_view wanted_path) const;
};

// What a fake knows about a repository.
struct FakeRepository {
  int id = 0;
  bool is_private = true;
  bool hidden = false;            // there, but this token may not see it
  bool pending_deletion = false;  // GitLab
  std::string project = {};       // Bitbucket: its key
};

// A host of repositories for tests: its API on a free loopback port, and a real git server beside
// it. What the four kinds have in common; each kind answers calls as its API pages say, quirks and
// refusals included. Thread-safe.
class FakeHost {
 public:
  virtual ~FakeHost();

  std::string ApiUrl() const { return "http://" + server_->address() + base_path_; }
  std::string GitUrl() const;
  // "host:port" of both, for an outgoing guard.
  std::vector<std::string> Pairs() const;
  git::GitServer& git() { return git_; }

  // The token that is accepted, and what it may do.
  static constexpr char kToken[] = "tok3n-that-nobody-may-read";
  void SetScopes(std::vector<std::string> scopes);
  // A repository that somebody else made.
  void AddRepository(const std::string& name, FakeRepository repository = {});
  std::vector<std::string> Repositories() const;
  FakeRepository Get(const std::string& name) const;

  // The next `times` calls whose "METHOD /path" contains `what` get this answer instead.
  struct Fault {
    std::string what = {};
    int status = 500;
    http::Headers headers = {};
    std::string body = {};
    int times = 1;
  };
  void Fail(Fault fault);
  // From now on git answers this status line ("403 Forbidden"); "" is normal again.
  void FailGit(const std::string& status) { git_.AnswerWith(status); }
  // Called on the server's thread at each call, before it is answered.
  void OnCall(std::function<void(const std::string& what)> hook);

  // "METHOD /path?query" of all calls so far.
  std::vector<std::string> Calls() const;

 protected:
  explicit FakeHost(std::string base_path);
  // Begins to serve; at the end of the constructor of each kind.
  void Start();
  // Ends serving; at the beginning of the destructor of each kind.
  void Stop() { server_.reset(); }

  // Called with the lock held.
  virtual http::ServerResponse Answer(const Call& call) = 0;
  // Name of a repository's folder on the git server.
  virtual std::string FolderOf(const std::string& name) const = 0;

  bool HasScope(const std::string& scope) const;
  FakeRepository* Seen(const std::string& name);
  bool Make(const std::string& name, FakeRepository repository);
  void Remove(std::string name);  // which may be the key that goes with it

  static http::ServerResponse Json(int status, const boost::json::value& body,
                                   http::Headers headers = {});

  std::map<std::string, FakeRepository> repositories_;
  std::vector<std::string> scopes_;
  int last_id_ = 1000;
  git::GitServer git_;

 private:
  void Handle(http::ServerRequest request, const std::shared_ptr<http::Responder>& responder);

  const std::string base_path_;
  mutable Mutex mu_;
  std::vector<Fault> faults_ SLIPWAY_GUARDED_BY(mu_);
  std::vector<std::string> calls_ SLIPWAY_GUARDED_BY(mu_);
  std::function<void(const std::string&)> hook_ SLIPWAY_GUARDED_BY(mu_);
  std::unique_ptr<http::Server> server_;
};

}  // namespace slipway::gitops::fake
