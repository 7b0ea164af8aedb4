#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

struct git_repository;
struct git_commit;

namespace slipway::git {

struct Identity {
  std::string name;
  std::string email;
};

// One commit. Texts are valid UTF-8 whatever stands in the object.
struct Commit {
  std::string sha;
  std::vector<std::string> parents;
  Identity author;
  absl::Time author_time;
  Identity committer;
  absl::Time commit_time;
  std::string message;  // whole; cut at 64 KiB

  // The first line.
  std::string Subject() const;
};

struct Ref {
  std::string name;  // "refs/heads/main"
  std::string sha;   // the commit; of an annotated tag, what it points to
};

// What stands at a path of a commit.
struct TreeEntry {
  enum class Kind { kFile, kFolder, kLink, kSubmodule };
  Kind kind = Kind::kFile;
  std::string path;  // from the root; "" is the root itself
  std::string id;    // object id; of a submodule, the commit that it is at
};

// What a push to one ref changed.
struct ChangedPaths {
  std::vector<std::string> paths;  // sorted, each once; of a rename both names
  size_t commits = 0;              // how many new commits that is
  bool complete = true;            // false: a limit was reached, more may have changed
};

// Reads and writes objects of one bare repository on disk by libgit2; no network. Opening one
// costs some thirty system calls: a Mirror keeps them. Owned by the caller. NOT thread-safe: one
// per thread. Reading functions return GIT_MIRROR_DAMAGED when the disk is at fault; use them
// through Mirror::Read, which repairs.
class Repository {
 public:
  static absl::StatusOr<Repository> Open(const std::string& git_dir);
  Repository(Repository&&) noexcept;
  Repository& operator=(Repository&&) noexcept;
  ~Repository();

  // The commit that `revision` stands for: a full or abbreviated (4 digits and more) id, a full
  // ref, a branch, a tag. A name wins over an abbreviation. No other syntax (no "~1", no "@{...}").
  absl::StatusOr<std::string> Resolve(const std::string& revision) const;
  bool HasCommit(const std::string& sha) const;
  absl::StatusOr<Commit> GetCommit(const std::string& sha) const;

  // All refs that start with `prefix`, sorted by name.
  absl::StatusOr<std::vector<Ref>> ListRefs(const std::string& prefix = "refs/") const;

  // At most `limit` commits from `revision` backwards, newest first; after the commit `after`, when
  // that is given.
  absl::StatusOr<std::vector<Commit>> ListCommits(const std::string& revision, size_t limit,
                                                  const std::string& after = "") const;

  // The paths that all commits of before..after changed, each against its parents, and what differs
  // between the two ends (a forced push has that too). A `before` of zeros or one that is not here
  // (a new ref): all commits that no branch other than `ref` reaches; paths are then of those
  // commits alone.
  absl::StatusOr<ChangedPaths> GetChangedPaths(const std::string& before, const std::string& after,
                                               const std::string& ref) const;

  // The folders, `depth` (at least 1) names deep, that are not the same in both commits, also those
  // that only one of them has; sorted. Files above that depth are left out.
  absl::StatusOr<std::vector<std::string>> GetChangedFolders(const std::string& before,
                                                             const std::string& after,
                                                             int depth) const;

  // The content of a file. Symbolic links are followed as long as they stay in the tree;
  // GIT_PATH_REFUSED for a path or link that leaves it, GIT_FILE_NOT_FOUND, GIT_FILE_TOO_LARGE.
  absl::StatusOr<std::string> ReadFile(const std::string& commit, const std::string& path,
                                       size_t max_bytes = 1 << 20) const;
  // The object id of the file or folder at `path`; "" is the root. Symbolic links are not followed.
  absl::StatusOr<std::string> TreeId(const std::string& commit, const std::string& path) const;
  // The file names in the folder at `path`, sorted; folders end with '/'.
  absl::StatusOr<std::vector<std::string>> ListFolder(const std::string& commit,
                                                      const std::string& path) const;

  // What stands at `path`; GIT_FILE_NOT_FOUND. Symbolic links are not followed, neither at the end
  // nor on the way.
  absl::StatusOr<TreeEntry> Find(const std::string& commit, const std::string& path) const;
  // All that is below the folder at `path`, folders left out, sorted by path. RESOURCE_EXHAUSTED
  // beyond `max_entries` files and folders.
  absl::StatusOr<std::vector<TreeEntry>> ListBelow(const std::string& commit,
                                                   const std::string& path,
                                                   size_t max_entries) const;
  // The entry of kind kFile or kFolder that `path` leads to when symbolic links are followed, with
  // the path of its own. Errors as ReadFile.
  absl::StatusOr<TreeEntry> Follow(const std::string& commit, const std::string& path) const;
  // The content of a file by its object id.
  absl::StatusOr<std::string> ReadBlob(const std::string& id, size_t max_bytes) const;

  // True if `ancestor` is `commit` or reachable from it.
  absl::StatusOr<bool> IsAncestor(const std::string& ancestor, const std::string& commit) const;

  // refs/pipelines/<id> keeps a commit from being forgotten after a forced push. Creating it again
  // moves it.
  absl::Status CreateKeepRef(const std::string& id, const std::string& commit) const;
  absl::Status DeleteKeepRef(const std::string& id) const;

  // Points a ref to `sha`, if it points to `old_sha` now (empty: does not exist). ABORTED
  // otherwise.
  absl::Status MoveRef(const std::string& ref, const std::string& old_sha,
                       const std::string& sha) const;

 private:
  friend class CommitBuilder;
  struct Deleter {
    void operator()(git_repository* handle) const;
  };
  explicit Repository(std::unique_ptr<git_repository, Deleter> handle);

  std::unique_ptr<git_repository, Deleter> handle_;
};

}  // namespace slipway::git
