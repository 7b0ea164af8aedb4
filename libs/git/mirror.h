#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/mutex.h"
#include "libs/base/unique_fd.h"
#include "libs/git/cli.h"
#include "libs/git/open_repositories.h"
#include "libs/git/remote.h"
#include "libs/git/repository.h"

namespace slipway::git {

// The refspecs of a whole mirror: branches and tags under their own names. refs/pipelines/ stays
// ours.
std::vector<std::string> AllBranchesAndTags();

// A bare copy of one remote repository on disk: fetched by the git program, read by libgit2. At
// most one fetch or push runs at a time, also across processes (a lock file that git inherits, so a
// killed service's git still holds it). Usually got from a MirrorStore. Thread-safe.
class Mirror {
 public:
  // Opens the bare repository at `git_dir` or makes an empty one; no network. `cli` must outlive
  // it.
  static absl::StatusOr<std::unique_ptr<Mirror>> Open(const GitCli& cli, std::string git_dir,
                                                      GitRemote remote);
  ~Mirror();

  // Brings the mirror up to date. A call that finds a fetch running waits for the one after it,
  // which all that came meanwhile share; so what the remote had when the call was made is here
  // afterwards. A damaged mirror is cloned anew.
  absl::Status Fetch(const std::vector<std::string>& refspecs = AllBranchesAndTags());

  // Fetches only if the commit is not here; one that no branch or tag reaches is asked for by its
  // id. NOT_FOUND if the remote does not have it either.
  absl::Status EnsureCommit(const std::string& sha);

  // Calls `read(const Repository&)`, which returns a Status or StatusOr. When it finds the mirror
  // damaged, `read` is called again: with the repository opened anew, and then, if need be, after
  // the mirror was repaired.
  template <typename F>
  std::invoke_result_t<F, const Repository&> Read(F&& read) {
    auto result = ReadOnce(read);
    if (StatusCodeOf(result) != absl::StatusCode::kDataLoss) return result;
    // One that was open for long may only not know what has changed on disk since.
    OpenAnew();
    result = ReadOnce(read);
    // What is damaged may look as if it were not there.
    if (StatusCodeOf(result) == absl::StatusCode::kOk) return result;
    const absl::StatusOr<bool> repaired = Repair();
    if (!repaired.ok()) return repaired.status();
    return ReadOnce(read);
  }

  // The branch that the remote calls its default now: "main". NOT_FOUND if it names none, as an
  // empty repository does.
  absl::StatusOr<std::string> DefaultBranch() const;

  // Pushes commit `sha` (made by a CommitBuilder) as `ref`, whose commit so far was `old_sha`
  // (empty: a new branch). Waits for a fetch that is running, and keeps others waiting, so that the
  // mirror's ref never goes back to what it was before. ABORTED (GIT_PUSH_REJECTED): the ref has
  // moved; fetch, build again, push again. After UNAVAILABLE or DEADLINE_EXCEEDED the push may have
  // arrived: fetch and look.
  absl::Status Push(const std::string& ref, const std::string& old_sha, const std::string& sha);

  // Checks the repository and, if it is damaged, replaces it by a new clone: then true. Keep refs
  // survive where the remote still has their commits.
  absl::StatusOr<bool> Repair();

  const std::string& git_dir() const { return git_dir_; }
  GitRemote remote() const;
  // New credentials for the same URL, used from the next fetch on.
  void SetRemote(GitRemote remote);

 private:
  // One fetch that several callers wait for.
  struct Batch {
    std::set<std::string> refspecs;
    absl::Status result;
    bool done = false;
  };

  Mirror(const GitCli& cli, std::string git_dir, GitRemote remote);

  template <typename F>
  std::invoke_result_t<F, const Repository&> ReadOnce(F& read) {
    const int64_t generation = generation_;
    std::optional<Repository> repository = open_.Take(git_dir_, generation);
    if (!repository) {
      absl::StatusOr<Repository> opened = Repository::Open(git_dir_);
      if (!opened.ok()) return opened.status();
      repository = *std::move(opened);
    }
    auto result = read(std::as_const(*repository));
    open_.Give(git_dir_, generation, *std::move(repository));
    return result;
  }
  // No repository that is open now is used again.
  void OpenAnew();
  static absl::StatusCode StatusCodeOf(const absl::Status& status) { return status.code(); }
  template <typename T>
  static absl::StatusCode StatusCodeOf(const absl::StatusOr<T>& result) {
    return result.status().code();
  }

  // Merges small packs when there are many, since each fetch adds one. In the background: what is
  // packed anew may be much, and a fetch that a push waits for must not wait for that.
  void TidyPacks();
  // Returns once no packs are being merged.
  void AwaitTidied();
  // Waits until nobody else changes the mirror; until EndWork nobody else does.
  void BeginWork();
  void EndWork();
  absl::Status PushOnce(const std::string& ref, const std::string& old_sha, const std::string& sha);
  absl::Status FetchOnce(const std::vector<std::string>& refspecs, int lock_fd);
  absl::StatusOr<bool> RepairLocked(int lock_fd);
  absl::Status CloneAnew(int lock_fd);
  absl::StatusOr<UniqueFd> LockAgainstOtherProcesses() const;

  const GitCli& cli_;
  const std::string git_dir_;
  OpenRepositories& open_ = OpenRepositories::OfProcess();
  std::atomic<int64_t> generation_;  // of what is on disk

  mutable Mutex mu_;
  std::condition_variable changed_;
  GitRemote remote_ SLIPWAY_GUARDED_BY(mu_);
  bool busy_ SLIPWAY_GUARDED_BY(mu_) = false;
  std::shared_ptr<Batch> pending_ SLIPWAY_GUARDED_BY(mu_);
  bool swept_ = false;  // touched only while busy_
  std::atomic<bool> tidying_ = false;
  absl::Time tidy_again_ = absl::InfinitePast();  // touched only while busy_
  std::jthread tidier_;                           // touched only while busy_
};

}  // namespace slipway::git
