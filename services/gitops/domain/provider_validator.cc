#include "services/gitops/domain/provider_validator.h"

#include <utility>

#include "absl/time/clock.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/git/commit_builder.h"
#include "libs/git/errors.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/store/provider_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using providers::Provider;
using State = pb::GitOpsProviderStatus;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(5);
constexpr char kReadme[] =
    "# Desired state\n\nSlipway writes here what shall run: one folder for each project, app and "
    "environment, one commit for\n"
    "each deployment. What is changed here by hand is applied as well.\n";

// What to do about a stage that did not pass.
std::string RemedyFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
      return "; check username and token";
    case absl::StatusCode::kPermissionDenied:
      return "; give this user the right to write to the repository";
    case absl::StatusCode::kNotFound:
      return "; check the URL, or create the repository";
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "; it is tried again by itself";
    case absl::StatusCode::kInvalidArgument:
      return "; if the host is yours, allow it with the service's setting allowed-hosts";
    default:
      return "; correct it and save the provider again";
  }
}

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsAborted(status);
}

// Names, results and times of the stages in order; after one that failed no other runs.
class StageRun {
 public:
  explicit StageRun(pb::GitOpsProviderStatus& stages) : stages_(stages) {}

  // `stage` returns what to say about it when it passed.
  void Run(const std::string& name, const std::function<absl::StatusOr<std::string>()>& stage) {
    if (!result_.ok()) return;
    const absl::Time start = absl::Now();
    const absl::StatusOr<std::string> said = stage();
    auto& entry = *stages_.add_stages();
    entry.set_name(name);
    entry.set_ok(said.ok());
    entry.set_message(said.ok() ? *said : MessageOf(said.status()) + RemedyFor(said.status()));
    entry.set_duration_ms(absl::ToInt64Milliseconds(absl::Now() - start));
    result_ = said.status();
  }
  const absl::Status& result() const { return result_; }

 private:
  pb::GitOpsProviderStatus& stages_;
  absl::Status result_;
};

}  // namespace

absl::Duration ProviderValidator::Pass() {
  const auto due = db::RunTx(parts_.pool, "providers.due", kTxTime,
                             [](db::Tx& tx) { return providers::DueForValidation(tx); });
  if (!due.ok()) return absl::Seconds(1);
  for (const Provider& provider : *due) Validate(provider);
  return due->empty() ? kIdle : absl::Milliseconds(200);
}

void ProviderValidator::Validate(const Provider& provider) {
  pb::GitOpsProviderStatus stages;
  const absl::Status result = RunStages(provider, stages);
  log::Info("provider.validated", result.ok() ? "the provider passed" : "the provider did not pass",
            {{"provider", provider.Name()}, {"error", MessageOf(result)}});
  const absl::Status concluded = Conclude(provider, result, stages);
  if (!concluded.ok()) {
    log::Warn("provider.conclude_failed", "is validated again", {{"error", MessageOf(concluded)}});
    return;
  }
  if (result.ok() && parts_.in_force_changed) parts_.in_force_changed();
}

absl::Status ProviderValidator::RunStages(const Provider& provider,
                                          pb::GitOpsProviderStatus& stages) {
  SLIPWAY_ASSIGN_OR_RETURN(const RepositoryAccess access, parts_.providers.AccessOf(provider));
  const git::GitRemote remote{
      .url = access.url, .username = access.username, .password = access.token};
  const std::string prefix = "refs/heads/slipway-validation-" + ToLower(provider.uid) + "-";
  std::string ref = prefix + RandomHex(4);
  const std::string branch = "refs/heads/" + access.branch;
  std::shared_ptr<git::Mirror> mirror;
  std::string base, sha;
  bool first_commit = false;
  StageRun run(stages);
  run.Run("clone", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_ASSIGN_OR_RETURN(mirror, parts_.repository.MirrorOf(access));
    SLIPWAY_RETURN_IF_ERROR(mirror->Fetch());
    SLIPWAY_ASSIGN_OR_RETURN(const auto refs, mirror->Read([&](const git::Repository& repository) {
      return repository.ListRefs("refs/heads/");
    }));
    for (const git::Ref& found : refs) {
      if (found.name == branch) base = found.sha;
      // Left by a validation that was cut off.
      if (found.name.starts_with(prefix))
        parts_.cli.DeleteBranch(remote, mirror->git_dir(), found.name).IgnoreError();
    }
    // A repository without branches gets its own branch now: the first branch that is pushed
    // becomes its default.
    first_commit = refs.empty();
    if (first_commit) ref = branch;
    return first_commit ? "the repository is empty" : "read " + access.url;
  });
  run.Run("commit", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_ASSIGN_OR_RETURN(const auto made, mirror->Read([&](const git::Repository& repository) {
      git::CommitBuilder builder(repository, base);
      if (first_commit) {
        builder.Put("README.md", kReadme);
      } else {
        builder.Put(".slipway-validation",
                    slipway::FormatTime(parts_.clock.Now()) + " " + ref + "\n");
      }
      return builder.Commit(
          first_commit ? "Begin the desired state" : "Validate the GitOps provider",
          {"Slipway", "slipway@localhost"}, parts_.clock.Now());
    }));
    sha = made.value_or("");
    return "commit " + sha.substr(0, 8);
  });
  run.Run("push", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_RETURN_IF_ERROR(mirror->Push(ref, "", sha));
    return "pushed " + ref.substr(11);
  });
  run.Run("read-back", [&]() -> absl::StatusOr<std::string> {
    SLIPWAY_ASSIGN_OR_RETURN(const auto refs, parts_.cli.ListRemote(remote));
    for (const auto& found : refs.refs) {
      if (found.name == ref && found.sha == sha) return "the branch has the commit";
    }
    return absl::FailedPreconditionError("the host does not have the commit that it accepted");
  });
  if (!run.result().ok() && sha.empty()) return run.result();
  run.Run("delete", [&]() -> absl::StatusOr<std::string> {
    if (first_commit) return "nothing to delete: the branch was made";
    SLIPWAY_RETURN_IF_ERROR(parts_.cli.DeleteBranch(remote, mirror->git_dir(), ref));
    return "deleted the validation's branch";
  });
  return run.result();
}

absl::Status ProviderValidator::Conclude(const Provider& validated, const absl::Status& result,
                                         const pb::GitOpsProviderStatus& stages) {
  return db::RunTx(parts_.pool, "providers.conclude", kTxTime, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(auto provider, providers::Get(tx, validated.id, /*lock=*/true));
    // Saved again meanwhile: that spec is validated on its own.
    if (!provider || provider->version != validated.version || provider->uid != validated.uid)
      return absl::OkStatus();
    provider->stages = stages;
    ++provider->attempts;
    absl::Duration pause = absl::ZeroDuration();
    if (result.ok()) {
      provider->state = State::READY;
      provider->live_spec = provider->spec;
      provider->live_token = provider->token;
      if (provider->spec.active()) {
        SLIPWAY_ASSIGN_OR_RETURN(auto before, providers::GetInForce(tx));
        if (before && before->id != provider->id) {
          before->in_force = false;
          before->spec.set_active(false);
          if (before->live_spec) before->live_spec->set_active(false);
          ++before->version;
          SLIPWAY_RETURN_IF_ERROR(providers::Update(tx, *before));
        }
      }
      provider->in_force = provider->spec.active();
    } else if (IsTransient(result)) {
      pause = BackOff(provider->attempts);
    } else {
      provider->state = State::INVALID;
    }
    SLIPWAY_RETURN_IF_ERROR(providers::Update(tx, *provider, pause));
    if (IsTransient(result) && provider->attempts > 1) return absl::OkStatus();
    return journal::Append(
        tx, {.subject = provider->Name(),
             .kind = "gitopsProvider",
             .event = result.ok() ? "provider.ready" : "provider.not_ready",
             .verdict = result.ok() ? journal::Verdict::kDone
                                    : (IsTransient(result) ? journal::Verdict::kWaiting
                                                           : journal::Verdict::kFailed),
             .message = result.ok() ? "passed its validation and is in effect"
                                    : MessageOf(result) + RemedyFor(result)});
  });
}

}  // namespace slipway::gitops
