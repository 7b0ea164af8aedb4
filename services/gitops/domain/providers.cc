#include "services/gitops/domain/providers.h"

#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/errors.h"
#include "services/gitops/provider/spec_rules.h"
#include "services/gitops/store/project_repository_store.h"

namespace slipway::gitops {
namespace {

namespace pb = slipway::gitops::v1;
using providers::Provider;

constexpr absl::Duration kTxTime = absl::Seconds(10);
constexpr std::string_view kPrefix = "gitopsProviders/";

absl::StatusOr<std::string> IdOf(std::string_view name, std::string_view field) {
  if (name.substr(0, kPrefix.size()) != kPrefix)
    return InvalidField(field, "is not of the form gitopsProviders/G");
  const std::string_view id = name.substr(kPrefix.size());
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, field));
  return std::string(id);
}

std::string EtagOf(const Provider& provider) { return std::to_string(provider.version); }

// What a sealed token is bound to.
std::string PlaceOf(const std::string& uid) { return "providers/token/" + uid; }

pb::GitOpsProvider ToProto(const Provider& provider) {
  pb::GitOpsProvider message;
  message.set_name(provider.Name());
  *message.mutable_spec() = provider.spec;
  auto& status = *message.mutable_status();
  status.set_state(provider.state);
  *status.mutable_stages() = provider.stages.stages();
  *status.mutable_warnings() = provider.stages.warnings();
  status.set_repository_url(provider.repository_url);
  if (provider.repository_url.empty() && provider.live_spec)
    status.set_repository_url(provider.live_spec->url());
  status.set_client_key_set(!provider.client_key.empty());
  status.set_active(provider.in_force);
  status.set_token_set(!provider.token.empty());
  status.set_commit(provider.commit);
  message.set_etag(EtagOf(provider));
  *message.mutable_create_time() = rpc::ToTimestamp(provider.created);
  *message.mutable_update_time() = rpc::ToTimestamp(provider.updated);
  return message;
}

std::string KeyPlaceOf(const std::string& uid) { return "providers/client-key/" + uid; }

// The spec without its secrets.
pb::GitOpsProviderSpec Bare(pb::GitOpsProviderSpec spec) {
  spec.clear_token();
  if (spec.has_tls()) spec.mutable_tls()->clear_client_key();
  return spec;
}

}  // namespace

absl::Status Providers::Seal(pb::GitOpsProviderSpec& spec, Provider& provider) const {
  if (!spec.token().value().empty())
    provider.token = keys_.Seal(spec.token().value(), PlaceOf(provider.uid));
  if (!spec.tls().client_key().value().empty())
    provider.client_key = keys_.Seal(spec.tls().client_key().value(), KeyPlaceOf(provider.uid));
  if (spec.tls().client_certificate().empty()) provider.client_key.clear();
  provider.spec = Bare(spec);
  if (spec.provider() != pb::GitOpsProviderSpec::GIT && provider.token.empty())
    return InvalidField("gitopsProvider.spec.token", "must be set for this kind of host");
  if (!spec.tls().client_certificate().empty() && provider.client_key.empty())
    return InvalidField("gitopsProvider.spec.tls.clientKey",
                        "must be given with the client certificate");
  return absl::OkStatus();
}

absl::StatusOr<bool> Providers::Differs(const Provider& provider,
                                        const pb::GitOpsProviderSpec& spec) const {
  if (Bare(spec).SerializeAsString() != provider.spec.SerializeAsString()) return true;
  const auto changed = [&](const std::string& given, const std::string& sealed,
                           const std::string& place) -> absl::StatusOr<bool> {
    if (given.empty()) return false;
    if (sealed.empty()) return true;
    SLIPWAY_ASSIGN_OR_RETURN(std::string stored, keys_.Open(sealed, place));
    const bool same = ConstantTimeEquals(stored, given);
    seal::Wipe(stored);
    return !same;
  };
  SLIPWAY_ASSIGN_OR_RETURN(const bool token,
                           changed(spec.token().value(), provider.token, PlaceOf(provider.uid)));
  SLIPWAY_ASSIGN_OR_RETURN(const bool key, changed(spec.tls().client_key().value(),
                                                   provider.client_key, KeyPlaceOf(provider.uid)));
  return token || key;
}

absl::StatusOr<std::vector<std::string>> Providers::WarningsOf(db::Tx& tx,
                                                               const Provider& provider) const {
  std::vector<std::string> warnings;
  if (provider.spec.tls().insecure_skip_verify()) warnings.push_back(kAnyCertificate);
  if (!provider.spec.active()) return warnings;
  SLIPWAY_ASSIGN_OR_RETURN(const auto in_force, providers::GetInForce(tx));
  if (!in_force || in_force->id == provider.id) return warnings;
  warnings.push_back("takes the place of " + in_force->Name() +
                     " when it has passed: what runs goes on as it is; each app and environment "
                     "gets its folder here with its next deployment, and is not put back or "
                     "updated from Git until then");
  return warnings;
}

absl::StatusOr<pb::GitOpsProvider> Providers::Insert(db::Tx& tx, const std::string& id,
                                                     const pb::GitOpsProvider& wanted,
                                                     const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(pb::GitOpsProviderSpec spec, provider::CheckedSpec(wanted.spec()));
  Provider provider{
      .id = id, .uid = NewUlid(clock_.Now()), .state = pb::GitOpsProviderStatus::VALIDATING};
  SLIPWAY_RETURN_IF_ERROR(Seal(spec, provider));
  SLIPWAY_ASSIGN_OR_RETURN(const auto warnings, WarningsOf(tx, provider));
  for (const std::string& warning : warnings) provider.stages.add_warnings(warning);
  const absl::Status inserted = providers::Insert(tx, provider);
  if (absl::IsAlreadyExists(inserted)) return ProviderExists(provider.Name());
  SLIPWAY_RETURN_IF_ERROR(inserted);
  if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, provider.Name()));
  if (saved_) tx.OnCommit(saved_);
  return ToProto(provider);
}

absl::StatusOr<pb::GitOpsProvider> Providers::Create(const pb::CreateGitOpsProviderRequest& request,
                                                     const Caller& caller) {
  std::string id = request.gitops_provider_id();
  if (id.empty()) id = "gitops-" + RandomHex(4);
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, "gitopsProviderId"));
  SLIPWAY_RETURN_IF_ERROR(provider::CheckedSpec(request.gitops_provider().spec()).status());
  return db::RunTx(pool_, "providers.create", std::min(caller.deadline, absl::Now() + kTxTime),
                   [&](db::Tx& tx) -> absl::StatusOr<pb::GitOpsProvider> {
                     if (!request.validate_only())
                       return Insert(tx, id, request.gitops_provider(), caller);
                     SLIPWAY_ASSIGN_OR_RETURN(const auto there, providers::Get(tx, id));
                     if (there) return ProviderExists(there->Name());
                     pb::GitOpsProvider checked = request.gitops_provider();
                     checked.set_name(std::string(kPrefix) + id);
                     *checked.mutable_spec() = Bare(checked.spec());
                     return checked;
                   });
}

absl::StatusOr<pb::GitOpsProvider> Providers::Get(const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, IdOf(name, "name"));
  SLIPWAY_ASSIGN_OR_RETURN(const auto found,
                           db::RunTx(pool_, "providers.get", kTxTime,
                                     [&](db::Tx& tx) { return providers::Get(tx, id); }));
  if (!found) return ProviderNotFound(name);
  return ToProto(*found);
}

absl::StatusOr<pb::ListGitOpsProvidersResponse> Providers::List(
    const pb::ListGitOpsProvidersRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("gitopsProviders", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<Provider> found,
                           db::RunTx(pool_, "providers.list", kTxTime, [&](db::Tx& tx) {
                             return providers::List(tx, after, size + 1);
                           }));
  pb::ListGitOpsProvidersResponse response;
  const bool more = static_cast<int>(found.size()) > size;
  if (more) found.resize(static_cast<size_t>(size));
  for (const Provider& provider : found) *response.add_gitops_providers() = ToProto(provider);
  if (more) response.set_next_page_token(rpc::PageToken("gitopsProviders", found.back().id));
  return response;
}

absl::StatusOr<pb::GitOpsProvider> Providers::Update(const pb::UpdateGitOpsProviderRequest& request,
                                                     const Caller& caller) {
  const pb::GitOpsProvider& wanted = request.gitops_provider();
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, IdOf(wanted.name(), "gitopsProvider.name"));
  SLIPWAY_ASSIGN_OR_RETURN(pb::GitOpsProviderSpec spec, provider::CheckedSpec(wanted.spec()));
  return db::RunTx(
      pool_, "providers.update", std::min(caller.deadline, absl::Now() + kTxTime),
      [&](db::Tx& tx) -> absl::StatusOr<pb::GitOpsProvider> {
        SLIPWAY_ASSIGN_OR_RETURN(auto provider, providers::Get(tx, id, /*lock=*/true));
        if (!provider && !request.allow_missing()) return ProviderNotFound(wanted.name());
        if (!provider && request.validate_only()) {
          pb::GitOpsProvider checked = wanted;
          *checked.mutable_spec() = Bare(checked.spec());
          return checked;
        }
        if (!provider) return Insert(tx, id, wanted, caller);
        if (!wanted.etag().empty() && wanted.etag() != EtagOf(*provider))
          return ProviderChanged(wanted.name());
        SLIPWAY_ASSIGN_OR_RETURN(const bool differs, Differs(*provider, spec));
        const bool has_secret = !provider->token.empty() || !provider->client_key.empty();
        if (has_secret && !provider::SameHost(spec, provider->spec)) {
          // Credentials go to the host that they were given for and to no other.
          if (spec.token().value().empty() && !provider->token.empty()) {
            return InvalidField("gitopsProvider.spec.token",
                                "the URL leads to another host, so the stored token is not used "
                                "for it; give the token again");
          }
          provider->client_key.clear();
        }
        // A spec that failed is validated again when it is saved again: the cause may be gone.
        if (!differs && provider->state != pb::GitOpsProviderStatus::INVALID)
          return ToProto(*provider);
        SLIPWAY_RETURN_IF_ERROR(Seal(spec, *provider));
        provider->state = pb::GitOpsProviderStatus::VALIDATING;
        provider->stages.Clear();
        SLIPWAY_ASSIGN_OR_RETURN(const auto warnings, WarningsOf(tx, *provider));
        for (const std::string& warning : warnings) provider->stages.add_warnings(warning);
        provider->attempts = 0;
        if (request.validate_only()) return ToProto(*provider);
        ++provider->version;
        SLIPWAY_RETURN_IF_ERROR(providers::Update(tx, *provider));
        if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, provider->Name()));
        if (saved_) tx.OnCommit(saved_);
        return ToProto(*provider);
      });
}

absl::Status Providers::Delete(const std::string& name, const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(const std::string id, IdOf(name, "name"));
  return db::RunTx(pool_, "providers.delete", std::min(caller.deadline, absl::Now() + kTxTime),
                   [&](db::Tx& tx) -> absl::Status {
                     SLIPWAY_ASSIGN_OR_RETURN(const auto provider,
                                              providers::Get(tx, id, /*lock=*/true));
                     if (!provider) return ProviderNotFound(name);
                     if (provider->in_force) return ProviderIsActive(name);
                     if (caller.audit) SLIPWAY_RETURN_IF_ERROR(caller.audit(tx, name));
                     return providers::Delete(tx, id);
                   });
}

absl::StatusOr<std::optional<RepositoryAccess>> Providers::Active() {
  // Read first: what changes from here on shows in the next stamp.
  SLIPWAY_ASSIGN_OR_RETURN(const std::string stamp,
                           db::RunRead(pool_, "providers.stamp", kTxTime,
                                       [](db::Tx& tx) { return providers::GetStamp(tx); }));
  {
    MutexLock lock(mu_);
    if (!stamp.empty() && stamp == stamp_) return active_;
  }
  SLIPWAY_ASSIGN_OR_RETURN(std::optional<RepositoryAccess> active, ReadActive());
  MutexLock lock(mu_);
  stamp_ = stamp;
  active_ = active;
  return active;
}

absl::StatusOr<std::optional<RepositoryAccess>> Providers::ReadActive() {
  std::optional<Provider> provider;
  std::map<std::string, project_repositories::ProjectRepository> own;
  SLIPWAY_RETURN_IF_ERROR(
      db::RunTx(pool_, "providers.active", kTxTime, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(provider, providers::GetInForce(tx));
        SLIPWAY_ASSIGN_OR_RETURN(own, project_repositories::ListAll(tx));
        return absl::OkStatus();
      }));
  if (!provider || !provider->live_spec) return std::nullopt;
  SLIPWAY_ASSIGN_OR_RETURN(const provider::Account account,
                           AccountOf(provider->uid, *provider->live_spec, provider->live_token,
                                     provider->live_client_key));
  const bool plain = provider->live_spec->provider() == pb::GitOpsProviderSpec::GIT;
  RepositoryAccess access{.provider = provider->Name(),
                          .url = plain ? account.spec.url() : provider->repository_url,
                          .branch = account.spec.branch(),
                          .username = provider::GitUsername(account.spec),
                          .token = account.token,
                          .tls = account.tls};
  for (const auto& [project, repository] : own) {
    const bool made = !repository.url.empty() && repository.provider_uid == provider->uid;
    access.own[project] = {
        .url = made ? repository.url : provider::SiblingUrl(access.url, repository.repository),
        .made = made};
  }
  return access;
}

absl::StatusOr<RepositoryAccess> Providers::AccessOf(const Provider& provider) const {
  SLIPWAY_ASSIGN_OR_RETURN(
      const provider::Account account,
      AccountOf(provider.uid, provider.spec, provider.token, provider.client_key));
  return RepositoryAccess{.provider = provider.Name(),
                          .url = account.spec.url(),
                          .branch = account.spec.branch(),
                          .username = account.spec.username(),
                          .token = account.token,
                          .tls = account.tls};
}

absl::StatusOr<provider::Account> Providers::AccountOf(const std::string& uid,
                                                       const pb::GitOpsProviderSpec& spec,
                                                       const std::string& token,
                                                       const std::string& client_key) const {
  provider::Account account{.spec = spec, .endpoints = hosts_.For(spec)};
  account.tls = {.ca = spec.tls().ca_certificate(),
                 .certificate = spec.tls().client_certificate(),
                 .skip_verify = spec.tls().insecure_skip_verify()};
  if (!token.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(account.token, keys_.Open(token, PlaceOf(uid)));
  }
  if (!client_key.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(account.tls.key, keys_.Open(client_key, KeyPlaceOf(uid)));
  }
  return account;
}

}  // namespace slipway::gitops
