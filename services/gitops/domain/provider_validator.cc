#include "services/gitops/domain/provider_validator.h"

#include <algorithm>
#include <utility>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/journal/journal.h"
#include "libs/log/log.h"
#include "services/gitops/domain/back_off.h"
#include "services/gitops/provider/errors.h"
#include "services/gitops/provider/host_trial.h"
#include "services/gitops/provider/make_host.h"
#include "services/gitops/store/leftover_store.h"
#include "services/gitops/store/provider_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using providers::Provider;
using State = pb::GitOpsProviderStatus;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr absl::Duration kIdle = absl::Seconds(5);
// Longer than a validation takes: each request to a host and each git command has its own limit.
constexpr absl::Duration kLease = absl::Minutes(5);

bool IsTransient(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsAborted(status);
}

// Of branches and repositories that a provider's validations make.
std::string PrefixOf(const Provider& provider) {
  return "slipway-validation-" + ToLower(provider.uid) + "-";
}

}  // namespace

absl::Duration ProviderValidator::Pass(const std::stop_token& stop) {
  sweeper_.Pass(stop);
  bool worked = false;
  while (!stop.stop_requested()) {
    const auto due = db::RunTx(parts_.pool, "providers.due", kTxTime, [&](db::Tx& tx) {
      return providers::ClaimForValidation(tx, parts_.instance, kLease);
    });
    if (!due.ok()) return absl::Seconds(1);
    if (!*due) break;
    Validate(**due, stop);
    worked = true;
  }
  return worked ? absl::Milliseconds(200) : kIdle;
}

void ProviderValidator::Validate(const Provider& provider, const std::stop_token& stop) {
  Outcome outcome;
  const auto account =
      parts_.providers.AccountOf(provider.uid, provider.spec, provider.token, provider.client_key);
  if (account.ok()) {
    const std::vector<std::string> secrets = {account->token, account->tls.key};
    provider::StageRun run(outcome.stages, secrets);
    if (provider.spec.tls().insecure_skip_verify()) run.Warn(kAnyCertificate);
    if (provider.spec.provider() == pb::GitOpsProviderSpec::GIT) {
      outcome.result = TryGit(provider, run);
    } else {
      const auto url = TryHost(provider, *account, run, stop);
      outcome.result = url.status();
      if (url.ok()) outcome.repository_url = *url;
    }
  } else {
    outcome.result = account.status();
  }
  // Ended in the middle: whoever comes next begins anew.
  if (stop.stop_requested() && absl::IsCancelled(outcome.result)) return;
  log::Info("provider.validated",
            outcome.result.ok() ? "the provider passed" : "the provider did not pass",
            {{"provider", provider.Name()}, {"error", MessageOf(outcome.result)}});
  const absl::Status concluded = Conclude(provider, outcome);
  if (!concluded.ok()) {
    log::Warn("provider.conclude_failed", "is validated again", {{"error", MessageOf(concluded)}});
    return;
  }
  if (outcome.result.ok() && parts_.in_force_changed) parts_.in_force_changed();
}

absl::Status ProviderValidator::TryGit(const Provider& provider, provider::StageRun& run) {
  SLIPWAY_ASSIGN_OR_RETURN(const RepositoryAccess access, parts_.providers.AccessOf(provider));
  provider::BranchTrial trial({.cli = parts_.cli,
                               .clock = parts_.clock,
                               .remote = {.url = access.url,
                                          .username = access.username,
                                          .password = access.token,
                                          .tls = access.tls},
                               .open = [&] { return parts_.repository.MirrorOf(access); },
                               .branch = access.branch,
                               .prefix = PrefixOf(provider)});
  run.Run("clone", [&] { return trial.Clone(); });
  run.Run("commit", [&] { return trial.Commit(); });
  run.Run("push", [&] { return trial.Push(); });
  run.Run("read-back", [&] { return trial.ReadBack(); });
  if (trial.begun()) run.RunAlways("delete", [&] { return trial.Delete(); });
  return run.result();
}

absl::StatusOr<std::string> ProviderValidator::TryHost(const Provider& provider,
                                                       const provider::Account& account,
                                                       provider::StageRun& run,
                                                       const std::stop_token& stop) {
  const auto host =
      provider::MakeHost({.client = parts_.client, .clock = parts_.clock, .stop = stop}, account);
  const provider::HostTrial trial{
      .host = *host,
      .account = account,
      .cli = parts_.cli,
      .clock = parts_.clock,
      .prefix = PrefixOf(provider),
      .note =
          [&](const std::string& name) {
            return db::RunTx(parts_.pool, "leftovers.note", kTxTime, [&](db::Tx& tx) {
              return leftovers::Note(tx, name, provider, parts_.instance, kLease);
            });
          },
      .strike =
          [&](const std::string& name) {
            // What stays noted is deleted once more, which does no harm.
            db::RunTx(parts_.pool, "leftovers.strike", kTxTime, [&](db::Tx& tx) {
              return leftovers::Strike(tx, name);
            }).IgnoreError();
          },
      .open =
          [&](const git::GitRemote& remote) {
            return parts_.repository.MirrorOf({.provider = provider.Name(),
                                               .url = remote.url,
                                               .branch = provider.spec.branch(),
                                               .username = remote.username,
                                               .token = remote.password,
                                               .tls = remote.tls});
          },
      .stop = stop};
  return trial.Run(run);
}

absl::Status ProviderValidator::PutInForce(db::Tx& tx, Provider& provider) {
  SLIPWAY_ASSIGN_OR_RETURN(auto before, providers::GetInForce(tx));
  const bool plain = provider.spec.provider() == pb::GitOpsProviderSpec::GIT;
  const std::string url = plain ? provider.spec.url() : provider.repository_url;
  SLIPWAY_ASSIGN_OR_RETURN(const int elsewhere, providers::CountAppliedElsewhere(
                                                    tx, url + " " + provider.spec.branch()));
  if (before && before->id != provider.id) {
    before->in_force = false;
    before->spec.set_active(false);
    if (before->live_spec) before->live_spec->set_active(false);
    ++before->version;
    SLIPWAY_RETURN_IF_ERROR(providers::Update(tx, *before));
  }
  if (!before || elsewhere == 0) return absl::OkStatus();
  const std::string meaning =
      "deployments go to " + url + " from now on; " + std::to_string(elsewhere) +
      (elsewhere == 1 ? " app in an environment runs" : " apps in environments run") +
      " what another repository said: each goes on as it is, is not updated from Git, and gets its "
      "folder here with its next deployment";
  provider.stages.add_warnings(meaning);
  return journal::Append(tx, {.subject = provider.Name(),
                              .kind = "gitopsProvider",
                              .event = "provider.repository_changed",
                              .verdict = journal::Verdict::kDone,
                              .message = meaning});
}

absl::Status ProviderValidator::Conclude(const Provider& validated, const Outcome& outcome) {
  const absl::Status& result = outcome.result;
  return db::RunTx(parts_.pool, "providers.conclude", kTxTime, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(auto provider, providers::Get(tx, validated.id, /*lock=*/true));
    // Saved again meanwhile: that spec is validated on its own.
    if (!provider || provider->version != validated.version || provider->uid != validated.uid)
      return absl::OkStatus();
    const auto warnings = provider->stages.warnings();
    provider->stages = outcome.stages;
    ++provider->attempts;
    absl::Duration pause = absl::ZeroDuration();
    if (result.ok()) {
      provider->state = State::READY;
      provider->live_spec = provider->spec;
      provider->live_token = provider->token;
      provider->live_client_key = provider->client_key;
      provider->repository_url = outcome.repository_url;
      if (provider->spec.active()) SLIPWAY_RETURN_IF_ERROR(PutInForce(tx, *provider));
      provider->in_force = provider->spec.active();
    } else {
      *provider->stages.mutable_warnings() = warnings;
      if (IsTransient(result)) {
        pause = std::max(BackOff(provider->attempts),
                         absl::Milliseconds(DetailsOf(result).retry_after_ms));
      } else {
        provider->state = State::INVALID;
      }
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
                                    : provider::WithRemedy(result)});
  });
}

}  // namespace slipway::gitops
