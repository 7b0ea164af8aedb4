#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace slipway::gitops::provider {

// Whom a token belongs to.
struct Identity {
  std::string user = {};
  std::vector<std::string> warnings = {};  // it works, but will not for long
};

// A repository on a host. A value.
struct HostedRepository {
  std::string id = {};         // what the host deletes by
  std::string name = {};       // within organization, group, project or workspace
  std::string clone_url = {};  // without credentials
  bool is_private = true;
};

// A host of repositories for one provider: its organization, group, project or workspace, seen with
// one token. Every call is one or a few requests of at most 10 s each; a host that limits its rate
// is UNAVAILABLE with the time to wait, and not called again before. No error text holds the token.
// Owned by whoever made it; for one thread.
class RepositoryHost {
 public:
  virtual ~RepositoryHost() = default;

  // OK if something answers at the API's address.
  virtual absl::Status Reach() = 0;
  // Asks whose token it is, whether it has the scopes that are needed, and whether it sees the
  // place where repositories go. Before the calls below.
  virtual absl::StatusOr<Identity> Authenticate() = 0;
  // Empty: not there, or not to be seen with this token.
  virtual absl::StatusOr<std::optional<HostedRepository>> Find(const std::string& name) = 0;
  // A new, empty, private repository. ALREADY_EXISTS: the name is taken.
  virtual absl::StatusOr<HostedRepository> Create(const std::string& name) = 0;
  // Deletes it for good. OK if it is gone already.
  virtual absl::Status Delete(const std::string& name) = 0;
  // Names that begin with `prefix`, the newest ones at least.
  virtual absl::StatusOr<std::vector<std::string>> ListNames(const std::string& prefix) = 0;
};

// The repository `name`, made private if it is missing. `created` (may be null) says which.
// Somebody who makes it at the same time does no harm.
absl::StatusOr<HostedRepository> EnsureRepository(RepositoryHost& host, const std::string& name,
                                                  bool* created = nullptr);

}  // namespace slipway::gitops::provider
