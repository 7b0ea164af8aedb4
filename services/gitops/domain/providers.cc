#include "services/gitops/domain/providers.h"

#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/git/names.h"
#include "libs/http/url.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/timestamp.h"
#include "services/gitops/domain/convert.h"
#include "services/gitops/domain/errors.h"

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
std::string PlaceOf(const Provider& provider) { return "providers/token/" + provider.uid; }

pb::GitOpsProvider ToProto(const Provider& provider) {
  pb::GitOpsProvider message;
  message.set_name(provider.Name());
  *message.mutable_spec() = provider.spec;
  auto& status = *message.mutable_status();
  status.set_state(provider.state);
  *status.mutable_stages() = provider.stages.stages();
  status.set_active(provider.in_force);
  status.set_token_set(!provider.token.empty());
  status.set_commit(provider.commit);
  message.set_etag(EtagOf(provider));
  *message.mutable_create_time() = rpc::ToTimestamp(provider.created);
  *message.mutable_update_time() = rpc::ToTimestamp(provider.updated);
  return message;
}

// The spec with its defaults, or what is wrong with it.
absl::StatusOr<pb::GitOpsProviderSpec> Checked(pb::GitOpsProviderSpec spec) {
  if (spec.provider() == pb::GitOpsProviderSpec::PROVIDER_UNSPECIFIED)
    spec.set_provider(pb::GitOpsProviderSpec::GIT);
  if (!pb::GitOpsProviderSpec::Provider_IsValid(spec.provider())) {
    return InvalidField("gitopsProvider.spec.provider",
                        "this kind of host is not known; use \"git\"");
  }
  if (const absl::Status url = git::ValidateUrl(spec.url()); !url.ok()) {
    return InvalidField("gitopsProvider.spec.url", MessageOf(url));
  }
  if (spec.branch().empty()) spec.set_branch("main");
  const absl::Status branch = git::ValidateRefName(spec.branch());
  if (!branch.ok()) return InvalidField("gitopsProvider.spec.branch", MessageOf(branch));
  if (spec.username().find_first_of(":\n\r") != std::string::npos) {
    return InvalidField("gitopsProvider.spec.username", "holds a character that no user name has");
  }
  if (spec.token().value().size() > 16384)
    return InvalidField("gitopsProvider.spec.token", "is too long");
  return spec;
}

// Credentials go to the host that they were given for and to no other.
bool SameOrigin(const std::string& a, const std::string& b) {
  const auto left = http::ParseUrl(a);
  const auto right = http::ParseUrl(b);
  return left.ok() && right.ok() && left->SameOrigin(*right);
}

}  // namespace

absl::Status Providers::Seal(pb::GitOpsProviderSpec& spec, Provider& provider) const {
  if (!spec.token().value().empty())
    provider.token = keys_.Seal(spec.token().value(), PlaceOf(provider));
  spec.clear_token();
  provider.spec = spec;
  return absl::OkStatus();
}

absl::StatusOr<pb::GitOpsProvider> Providers::Insert(db::Tx& tx, const std::string& id,
                                                     const pb::GitOpsProvider& wanted,
                                                     const Caller& caller) {
  SLIPWAY_ASSIGN_OR_RETURN(pb::GitOpsProviderSpec spec, Checked(wanted.spec()));
  Provider provider{
      .id = id, .uid = NewUlid(clock_.Now()), .state = pb::GitOpsProviderStatus::VALIDATING};
  SLIPWAY_RETURN_IF_ERROR(Seal(spec, provider));
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
  SLIPWAY_RETURN_IF_ERROR(Checked(request.gitops_provider().spec()).status());
  return db::RunTx(pool_, "providers.create", std::min(caller.deadline, absl::Now() + kTxTime),
                   [&](db::Tx& tx) -> absl::StatusOr<pb::GitOpsProvider> {
                     if (!request.validate_only())
                       return Insert(tx, id, request.gitops_provider(), caller);
                     SLIPWAY_ASSIGN_OR_RETURN(const auto there, providers::Get(tx, id));
                     if (there) return ProviderExists(there->Name());
                     pb::GitOpsProvider checked = request.gitops_provider();
                     checked.set_name(std::string(kPrefix) + id);
                     checked.mutable_spec()->clear_token();
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
  SLIPWAY_ASSIGN_OR_RETURN(pb::GitOpsProviderSpec spec, Checked(wanted.spec()));
  return db::RunTx(
      pool_, "providers.update", std::min(caller.deadline, absl::Now() + kTxTime),
      [&](db::Tx& tx) -> absl::StatusOr<pb::GitOpsProvider> {
        SLIPWAY_ASSIGN_OR_RETURN(auto provider, providers::Get(tx, id, /*lock=*/true));
        if (!provider && !request.allow_missing()) return ProviderNotFound(wanted.name());
        if (!provider && request.validate_only()) {
          pb::GitOpsProvider checked = wanted;
          checked.mutable_spec()->clear_token();
          return checked;
        }
        if (!provider) return Insert(tx, id, wanted, caller);
        if (!wanted.etag().empty() && wanted.etag() != EtagOf(*provider))
          return ProviderChanged(wanted.name());
        pb::GitOpsProviderSpec bare = spec;
        bare.clear_token();
        bool same = bare.SerializeAsString() == provider->spec.SerializeAsString();
        if (spec.token().value().empty()) {
          if (!provider->token.empty() && !SameOrigin(spec.url(), provider->spec.url())) {
            return InvalidField("gitopsProvider.spec.token",
                                "the URL leads to another host, so the stored token is not used "
                                "for it; give the token again");
          }
        } else if (same && !provider->token.empty()) {
          SLIPWAY_ASSIGN_OR_RETURN(std::string stored,
                                   keys_.Open(provider->token, PlaceOf(*provider)));
          same = ConstantTimeEquals(stored, spec.token().value());
          seal::Wipe(stored);
        } else {
          same = false;
        }
        // A spec that failed is validated again when it is saved again: the cause may be gone.
        if (same && provider->state != pb::GitOpsProviderStatus::INVALID) return ToProto(*provider);
        SLIPWAY_RETURN_IF_ERROR(Seal(spec, *provider));
        provider->state = pb::GitOpsProviderStatus::VALIDATING;
        provider->stages.Clear();
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
  SLIPWAY_ASSIGN_OR_RETURN(const auto provider,
                           db::RunTx(pool_, "providers.active", kTxTime,
                                     [](db::Tx& tx) { return providers::GetInForce(tx); }));
  if (!provider || !provider->live_spec) return std::nullopt;
  SLIPWAY_ASSIGN_OR_RETURN(RepositoryAccess access,
                           Access(*provider, *provider->live_spec, provider->live_token));
  return access;
}

absl::StatusOr<RepositoryAccess> Providers::AccessOf(const Provider& provider) const {
  return Access(provider, provider.spec, provider.token);
}

absl::StatusOr<RepositoryAccess> Providers::Access(const Provider& provider,
                                                   const pb::GitOpsProviderSpec& spec,
                                                   const std::string& token) const {
  RepositoryAccess access{.provider = provider.Name(),
                          .url = spec.url(),
                          .branch = spec.branch(),
                          .username = spec.username()};
  if (!token.empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(access.token, keys_.Open(token, PlaceOf(provider)));
  }
  return access;
}

}  // namespace slipway::gitops
