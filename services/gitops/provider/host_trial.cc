#include "services/gitops/provider/host_trial.h"

#include <condition_variable>
#include <optional>
#include <utility>

#include "libs/base/file.h"
#include "libs/base/id.h"
#include "libs/base/mutex.h"
#include "libs/base/status.h"
#include "libs/git/commit_builder.h"

namespace slipway::gitops::provider {
namespace {

constexpr char kFile[] = "slipway.txt";
constexpr int kCloneAttempts = 5;

// False: stopped.
bool Wait(absl::Duration time, const std::stop_token& stop) {
  Mutex mu;
  std::condition_variable_any never;
  std::unique_lock lock(mu);
  never.wait_for(lock, stop, absl::ToChronoMilliseconds(time), [] { return false; });
  return !stop.stop_requested();
}

// Hosts may take a moment between the answer of their API and that of their git server.
absl::Status AwaitGit(const HostTrial& trial, const git::GitRemote& remote) {
  absl::Duration pause = absl::Milliseconds(200);
  for (int attempt = 1;; ++attempt, pause *= 2) {
    const absl::Status there = trial.cli.ListRemote(remote).status();
    if (!absl::IsNotFound(there) || attempt == kCloneAttempts) return there;
    if (!Wait(pause, trial.stop)) return absl::CancelledError("stopped");
  }
}

// The repository that is made for trying out, and its two clones.
class Scratch {
 public:
  Scratch(const HostTrial& trial, std::string name) : trial_(trial), name_(std::move(name)) {}

  const std::string& name() const { return name_; }

  absl::StatusOr<std::string> Create() {
    SLIPWAY_ASSIGN_OR_RETURN(const auto left, trial_.host.ListNames(trial_.prefix));
    for (const std::string& old : left) {
      SLIPWAY_RETURN_IF_ERROR(trial_.host.Delete(old));
      trial_.strike(old);
    }
    SLIPWAY_RETURN_IF_ERROR(trial_.note(name_));
    noted_ = true;
    SLIPWAY_ASSIGN_OR_RETURN(const HostedRepository made, trial_.host.Create(name_));
    if (!made.is_private)
      return absl::FailedPreconditionError("the host made the repository public");
    remote_ = RemoteOf(trial_.account, made.clone_url);
    return "created the private repository " + name_;
  }

  absl::StatusOr<std::string> Clone() {
    SLIPWAY_RETURN_IF_ERROR(AwaitGit(trial_, remote_));
    SLIPWAY_RETURN_IF_ERROR(Open());
    return "cloned " + remote_.url;
  }

  absl::StatusOr<std::string> Commit() {
    SLIPWAY_ASSIGN_OR_RETURN(const auto made, mirror_->Read([&](const git::Repository& repository) {
      git::CommitBuilder builder(repository, "");
      builder.Put(kFile, name_ + "\n");
      return builder.Commit("Validate the GitOps provider", {"Slipway", "slipway@localhost"},
                            trial_.clock.Now());
    }));
    sha_ = made.value_or("");
    return "commit " + sha_.substr(0, 8);
  }

  absl::StatusOr<std::string> Push() {
    SLIPWAY_RETURN_IF_ERROR(mirror_->Push("refs/heads/" + trial_.account.spec.branch(), "", sha_));
    return "pushed branch " + trial_.account.spec.branch();
  }

  // By a clone of its own, since the first one has the commit anyway.
  absl::StatusOr<std::string> ReadBack() {
    SLIPWAY_RETURN_IF_ERROR(Open());
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text,
                             mirror_->Read([&](const git::Repository& repository) {
                               return repository.ReadFile(sha_, kFile, 1 << 10);
                             }));
    if (text != name_ + "\n")
      return absl::FailedPreconditionError("the host gives back another file than it was given");
    return "read the file back";
  }

  bool noted() const { return noted_; }
  absl::StatusOr<std::string> Delete() {
    SLIPWAY_RETURN_IF_ERROR(trial_.host.Delete(name_));
    trial_.strike(name_);
    return "deleted the repository " + name_;
  }

 private:
  absl::Status Open() {
    mirror_.reset();
    SLIPWAY_ASSIGN_OR_RETURN(folder_, TempDir::Create("slipway-validation-"));
    SLIPWAY_ASSIGN_OR_RETURN(mirror_,
                             git::Mirror::Open(trial_.cli, folder_->path() + "/clone", remote_));
    return mirror_->Fetch();
  }

  const HostTrial& trial_;
  const std::string name_;
  git::GitRemote remote_;
  std::optional<TempDir> folder_;
  std::unique_ptr<git::Mirror> mirror_;
  std::string sha_;
  bool noted_ = false;
};

}  // namespace

absl::StatusOr<std::string> HostTrial::Run(StageRun& run) const {
  run.Run("reach", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_RETURN_IF_ERROR(host.Reach());
    return "the host answers";
  });
  run.Run("authenticate", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_ASSIGN_OR_RETURN(const Identity identity, host.Authenticate());
    for (const std::string& warning : identity.warnings) run.Warn(warning);
    return identity.user.empty() ? "the token is accepted"
                                 : "the token is that of " + identity.user;
  });
  Scratch scratch(*this, prefix + RandomHex(4));
  run.Run("create", [&] { return scratch.Create(); });
  run.Run("clone", [&] { return scratch.Clone(); });
  run.Run("commit", [&] { return scratch.Commit(); });
  run.Run("push", [&] { return scratch.Push(); });
  run.Run("read-back", [&] { return scratch.ReadBack(); });
  if (scratch.noted()) run.RunAlways("delete", [&] { return scratch.Delete(); });
  std::string url;
  run.Run("repository", [&]() -> absl::StatusOr<std::string> {
    bool created = false;
    SLIPWAY_ASSIGN_OR_RETURN(const HostedRepository own,
                             EnsureRepository(host, account.spec.repository(), &created));
    const git::GitRemote remote = RemoteOf(account, own.clone_url);
    SLIPWAY_RETURN_IF_ERROR(AwaitGit(*this, remote));
    BranchTrial trial({.cli = cli,
                       .clock = clock,
                       .remote = remote,
                       .open = [&] { return open(remote); },
                       .branch = account.spec.branch(),
                       .prefix = prefix});
    SLIPWAY_RETURN_IF_ERROR(trial.RunAll());
    if (!own.is_private)
      run.Warn("repository " + own.name + " is public: anybody reads what runs; make it private");
    url = remote.url;
    return (created ? "created " : "found ") + url;
  });
  SLIPWAY_RETURN_IF_ERROR(run.result());
  return url;
}

}  // namespace slipway::gitops::provider
