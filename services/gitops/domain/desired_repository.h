#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/git/mirror_store.h"
#include "libs/http/outgoing_guard.h"
#include "services/gitops/domain/folder_cache.h"
#include "services/gitops/domain/names.h"
#include "services/gitops/domain/render.h"

namespace slipway::gitops {

// How to reach the repository of the desired state. A value with a secret; never logged.
struct RepositoryAccess {
  std::string provider = {};  // gitopsProviders/G
  std::string url = {};
  std::string branch = {};
  std::string username = {};
  std::string token = {};
  http::TlsOptions tls = {};

  // A project's own repository: reached in the same way, but elsewhere.
  struct Own {
    std::string url = {};
    bool made = false;  // known to be there
  };
  std::map<std::string, Own> own = {};  // by project

  // Repository and branch, whoever reaches them how.
  std::string Place() const { return url + " " + branch; }
  // False: the project's own repository is not known to be there.
  bool IsMade(const std::string& project) const;
  // That of a project: its own, or the provider's.
  RepositoryAccess For(const std::string& project) const;
  // The provider's, and all of projects that are known to be there.
  std::vector<RepositoryAccess> All() const;
};

// One commit to be made: a folder replaced by files, or taken away where there are none.
struct FolderCommit {
  std::string key = {};     // value of the trailer that makes the commit recognisable
  std::string folder = {};  // "P/A/E"
  std::vector<Manifest> files = {};
  std::string message = {};  // with trailers
  absl::Time time = {};
  bool look_first = false;  // it may be there already, from a process that died
};

// A folder at a commit.
struct FolderState {
  std::string tree = {};  // empty: not there
  std::vector<Manifest> files = {};
};

// The repository of the desired state: reads by a local mirror, commits without a work tree. Many
// commits go with one push; when somebody else was faster they are made again on top. Owned by App;
// thread-safe.
class DesiredRepository {
 public:
  // Both outlive it.
  DesiredRepository(git::MirrorStore& mirrors, const http::OutgoingGuard& guard)
      : mirrors_(mirrors), guard_(guard), folders_(8 << 20) {}

  // Makes all commits in order and pushes them. The ids, in order; one whose folder was equal
  // already has the id of the branch. After an error nobody knows whether they arrived: look first
  // the next time.
  absl::StatusOr<std::vector<std::string>> Commit(const RepositoryAccess& access,
                                                  const std::vector<FolderCommit>& commits);

  // Gets what others pushed.
  absl::Status Fetch(const RepositoryAccess& access);
  // Newest commit of the branch in the mirror; empty while the branch does not exist.
  absl::StatusOr<std::string> Head(const RepositoryAccess& access);
  // Whether the mirror has a commit.
  absl::StatusOr<bool> Knows(const RepositoryAccess& access, const std::string& commit);
  // The apps in environments whose folders are not the same in two commits.
  absl::StatusOr<std::vector<AppEnvironment>> Changed(const RepositoryAccess& access,
                                                      const std::string& before,
                                                      const std::string& after);
  absl::StatusOr<FolderState> Folder(const RepositoryAccess& access, const std::string& commit,
                                     const AppEnvironment& where);
  // All folders P/A/E at a commit.
  absl::StatusOr<std::vector<AppEnvironment>> ListFolders(const RepositoryAccess& access,
                                                          const std::string& commit);

  // The mirror itself, for a provider's validation.
  absl::StatusOr<std::shared_ptr<git::Mirror>> MirrorOf(const RepositoryAccess& access);

  // Trailer that marks a commit of ours.
  static constexpr char kTrailer[] = "Slipway-Deployment";

 private:
  git::MirrorStore& mirrors_;
  const http::OutgoingGuard& guard_;
  FolderCache folders_;  // looks ask for the same again and again
  Mutex commit_mu_;      // one writer of this process at a time; others are met by rejected pushes
};

}  // namespace slipway::gitops
