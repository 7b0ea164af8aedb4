#include "libs/git/mirror.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/git/errors.h"
#include "libs/git/mirror_files.h"
#include "libs/git/names.h"
#include "libs/process/file_lock.h"

namespace slipway::git {
namespace {

constexpr size_t kMaxPacks = 30;
constexpr absl::Duration kTidyPause = absl::Minutes(1);  // between two mergings at least

// Failures that say nothing about our own disk.
bool IsRemoteFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
      return false;
    default:
      return true;
  }
}

// A folder that was removed may become a mirror again, so no two are the same.
int64_t NewGeneration() {
  static std::atomic<int64_t> last = 0;
  return ++last;
}

}  // namespace

std::vector<std::string> AllBranchesAndTags() {
  return {"+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"};
}

absl::StatusOr<std::unique_ptr<Mirror>> Mirror::Open(const GitCli& cli, std::string git_dir,
                                                     GitRemote remote) {
  SLIPWAY_RETURN_IF_ERROR(InitBare(git_dir));
  return std::unique_ptr<Mirror>(new Mirror(cli, std::move(git_dir), std::move(remote)));
}

Mirror::Mirror(const GitCli& cli, std::string git_dir, GitRemote remote)
    : cli_(cli),
      git_dir_(std::move(git_dir)),
      generation_(NewGeneration()),
      remote_(std::move(remote)) {}

Mirror::~Mirror() { open_.Close(git_dir_); }

void Mirror::OpenAnew() {
  generation_ = NewGeneration();
  open_.Close(git_dir_);
}

GitRemote Mirror::remote() const {
  const MutexLock lock(mu_);
  return remote_;
}

void Mirror::SetRemote(GitRemote remote) {
  const MutexLock lock(mu_);
  remote_ = std::move(remote);
}

absl::Status Mirror::Fetch(const std::vector<std::string>& refspecs) {
  for (const std::string& refspec : refspecs) SLIPWAY_RETURN_IF_ERROR(ValidateRefspec(refspec));
  std::unique_lock lock(mu_);
  const bool leads = pending_ == nullptr;
  if (leads) pending_ = std::make_shared<Batch>();
  const std::shared_ptr<Batch> batch = pending_;
  batch->refspecs.insert(refspecs.begin(), refspecs.end());
  if (!leads) {
    changed_.wait(lock, [&] { return batch->done; });
    return batch->result;
  }
  changed_.wait(lock, [&] { return !busy_; });
  // Whoever comes from here on belongs to the next batch: this one may miss what the remote gets
  // now.
  pending_.reset();
  busy_ = true;
  lock.unlock();
  absl::Status result;
  if (absl::StatusOr<UniqueFd> file = LockAgainstOtherProcesses(); !file.ok()) {
    result = file.status();
  } else {
    const std::vector<std::string> all(batch->refspecs.begin(), batch->refspecs.end());
    result = FetchOnce(all, file->get());
    if (!result.ok() && !IsRemoteFault(result)) {
      const absl::StatusOr<bool> repaired = RepairLocked(file->get());
      if (!repaired.ok()) result = repaired.status();
      if (repaired.ok() && *repaired) result = FetchOnce(all, file->get());
    }
  }
  lock.lock();
  busy_ = false;
  batch->result = result;
  batch->done = true;
  changed_.notify_all();
  return result;
}

absl::Status Mirror::EnsureCommit(const std::string& sha) {
  if (!IsSha(sha)) return InvalidName("commit", sha, "is not a full commit id");
  const auto has = [&]() -> absl::StatusOr<bool> {
    return Read([&](const Repository& repository) -> absl::StatusOr<bool> {
      return repository.HasCommit(sha);
    });
  };
  SLIPWAY_ASSIGN_OR_RETURN(bool here, has());
  if (here) return absl::OkStatus();
  SLIPWAY_RETURN_IF_ERROR(Fetch());
  SLIPWAY_ASSIGN_OR_RETURN(here, has());
  if (here) return absl::OkStatus();
  return Fetch({sha + ":refs/slipway/" + sha});
}

absl::StatusOr<std::string> Mirror::DefaultBranch() const {
  const GitRemote from = remote();
  SLIPWAY_ASSIGN_OR_RETURN(const GitCli::RemoteRefs refs, cli_.ListRemote(from));
  constexpr std::string_view kHeads = "refs/heads/";
  if (!refs.default_branch.starts_with(kHeads)) return NoDefaultBranch(from.url);
  return refs.default_branch.substr(kHeads.size());
}

absl::Status Mirror::Push(const std::string& ref, const std::string& old_sha,
                          const std::string& sha) {
  // A fetch that asked before the push would put the ref back to what it was told, or prune it.
  BeginWork();
  const absl::Status result = PushOnce(ref, old_sha, sha);
  EndWork();
  return result;
}

absl::Status Mirror::PushOnce(const std::string& ref, const std::string& old_sha,
                              const std::string& sha) {
  SLIPWAY_ASSIGN_OR_RETURN(const UniqueFd file, LockAgainstOtherProcesses());
  SLIPWAY_RETURN_IF_ERROR(cli_.Push(remote(), git_dir_, sha, ref));
  // The mirror knows at once what a fetch would tell; when it can't take the note, the next fetch
  // does.
  const auto move = [&](const Repository& repository) {
    return repository.MoveRef(ref, old_sha, sha);
  };
  ReadOnce(move).IgnoreError();
  return absl::OkStatus();
}

absl::StatusOr<bool> Mirror::Repair() {
  BeginWork();
  absl::StatusOr<UniqueFd> file = LockAgainstOtherProcesses();
  absl::StatusOr<bool> result =
      file.ok() ? RepairLocked(file->get()) : absl::StatusOr<bool>(file.status());
  EndWork();
  return result;
}

void Mirror::BeginWork() {
  std::unique_lock lock(mu_);
  changed_.wait(lock, [&] { return !busy_; });
  busy_ = true;
}

void Mirror::EndWork() {
  const MutexLock lock(mu_);
  busy_ = false;
  changed_.notify_all();
}

absl::Status Mirror::FetchOnce(const std::vector<std::string>& refspecs, int lock_fd) {
  if (!std::exchange(swept_, true)) {
    SweepLockFiles(git_dir_);
    SweepTemporaryFiles(git_dir_);
  }
  const absl::Status result = cli_.Fetch(remote(), git_dir_, refspecs, lock_fd);
  if (result.ok()) {
    TidyPacks();
  } else {
    SweepTemporaryFiles(git_dir_);
  }
  return result;
}

void Mirror::TidyPacks() {
  const absl::Time now = absl::Now();
  if (tidying_ || now < tidy_again_ || CountPacks(git_dir_) <= kMaxPacks) return;
  tidy_again_ = now + kTidyPause;
  tidying_ = true;
  tidier_ = std::jthread([this] {
    // A mirror that can't be tidied is slower, not wrong.
    cli_.RunLocal(git_dir_, {"-c", "pack.threads=1", "repack", "-d", "-l", "-q", "--geometric=2"})
        .status()
        .IgnoreError();
    tidying_ = false;
  });
}

void Mirror::AwaitTidied() {
  if (tidier_.joinable()) tidier_.join();
}

absl::StatusOr<bool> Mirror::RepairLocked(int lock_fd) {
  if (Repository::Open(git_dir_).ok() &&
      cli_.RunLocal(git_dir_, {"fsck", "--no-dangling", "--no-progress"}).ok()) {
    return false;
  }
  // Its packs would end up in the new clone.
  AwaitTidied();
  SLIPWAY_RETURN_IF_ERROR(CloneAnew(lock_fd));
  OpenAnew();
  return true;
}

absl::Status Mirror::CloneAnew(int lock_fd) {
  // Names and ids as they stand in the ref files: no object is read, since it may be the damaged
  // one.
  const std::string kept =
      cli_.RunLocal(git_dir_,
                    {"for-each-ref", "--format=%(objectname):%(refname)", "refs/pipelines/"})
          .value_or("");
  const std::string fresh = git_dir_ + ".fresh";
  SLIPWAY_RETURN_IF_ERROR(RemoveAll(fresh));
  SLIPWAY_RETURN_IF_ERROR(InitBare(fresh));
  const GitRemote from = remote();
  SLIPWAY_RETURN_IF_ERROR(cli_.Fetch(from, fresh, AllBranchesAndTags(), lock_fd));
  for (const std::string& refspec : Split(kept, '\n')) {
    // One that the remote no longer gives is lost with the damage.
    if (!refspec.empty()) cli_.Fetch(from, fresh, {refspec}, lock_fd).IgnoreError();
  }
  return ReplaceRepository(git_dir_, fresh);
}

absl::StatusOr<UniqueFd> Mirror::LockAgainstOtherProcesses() const {
  // Rarely taken: the git of a predecessor that was killed is still at work.
  absl::StatusOr<UniqueFd> file = process::LockFile(git_dir_ + ".lock", absl::Seconds(60));
  if (!absl::IsUnavailable(file.status())) return file;
  return absl::UnavailableError("another process works in the mirror " + git_dir_);
}

}  // namespace slipway::git
