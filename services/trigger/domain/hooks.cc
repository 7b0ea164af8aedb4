#include "services/trigger/domain/hooks.h"

#include <algorithm>

#include "libs/base/encoding.h"
#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "libs/db/run_tx.h"
#include "libs/forge/repository_url.h"
#include "libs/journal/journal.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/resource_name.h"
#include "libs/rpc/timestamp.h"
#include "services/trigger/domain/errors.h"
#include "services/trigger/domain/hook_secret.h"

namespace slipway::trigger {
namespace {

namespace pb = slipway::trigger::v1;
using slipway::api::Permission;

constexpr int kMostRepositories = 1000;

std::string Etag(int64_t version) { return "v" + std::to_string(version); }

absl::Status ValidateSpec(const pb::HookSpec& spec) {
  if (spec.forge() != pb::HookSpec::GITHUB) return InvalidField("spec.forge", "choose github");
  if (spec.repositories().empty()) {
    return InvalidField(
        "spec.repositories",
        "name the repositories that this hook may speak for, or a URL prefix that ends with \"/\"");
  }
  if (spec.repositories_size() > kMostRepositories)
    return InvalidField("spec.repositories", "at most 1000");
  for (int i = 0; i < spec.repositories_size(); ++i) {
    const std::string& entry = spec.repositories(i);
    const std::string field = "spec.repositories[" + std::to_string(i) + "]";
    const bool is_prefix = entry.ends_with('/');
    const bool is_url = entry.starts_with("http://") || entry.starts_with("https://");
    if (entry.size() > 2048 || !is_url ||
        (!is_prefix && forge::NormaliseRepositoryUrl(entry).empty())) {
      return InvalidField(field, "\"" + Truncate(entry, 200) +
                                     "\" is neither the http or https URL of a repository nor a "
                                     "prefix that ends with \"/\"");
    }
  }
  const std::string& secret = spec.secret().value();
  if (!secret.empty() && (secret.size() < 16 || secret.size() > 256)) {
    return InvalidField("spec.secret.value",
                        "must have 16 to 256 bytes; leave it out to have one made");
  }
  return absl::OkStatus();
}

pb::Delivery ToProto(const store::DeliveryRow& row) {
  pb::Delivery delivery;
  delivery.set_name("deliveries/" + row.id);
  pb::Delivery::State state = pb::Delivery::STATE_UNSPECIFIED;
  (void)pb::Delivery::State_Parse(row.state, &state);
  delivery.set_state(state);
  delivery.set_hook("hooks/" + row.hook);
  delivery.set_event(row.event);
  delivery.set_forge_id(row.forge_id);
  delivery.set_repository(row.repository);
  delivery.set_ref(row.ref);
  delivery.set_commit(row.commit);
  delivery.set_outcome(row.state == "RECEIVED" && row.outcome.empty() ? "stored, not processed yet"
                                                                      : row.outcome);
  for (const auto& match : row.matches) *delivery.add_matches() = match;
  *delivery.mutable_create_time() = rpc::ToTimestamp(row.created);
  if (row.processed) *delivery.mutable_process_time() = rpc::ToTimestamp(*row.processed);
  delivery.set_trace_id(row.trace_id);
  if (!row.redelivery_of.empty()) delivery.set_redelivery_of("deliveries/" + row.redelivery_of);
  delivery.set_size(row.size);
  return delivery;
}

bool IsSuper(const rpc::CallContext& call) {
  return call.Can(Permission::SUPER, {}) || call.Can(Permission::SERVICE, {});
}

// Super-admins see every delivery; others those that were held against an app of theirs, with the
// other apps left out.
bool MaySee(const rpc::CallContext& call, const store::DeliveryRow& row) {
  return IsSuper(call) ||
         std::any_of(row.apps.begin(), row.apps.end(), [&](const std::string& app) {
           return call.Can(Permission::VIEW, rpc::ScopeOfName(app));
         });
}

pb::Delivery ForCaller(const rpc::CallContext& call, const store::DeliveryRow& row) {
  pb::Delivery delivery = ToProto(row);
  auto* matches = delivery.mutable_matches();
  matches->erase(std::remove_if(matches->begin(), matches->end(),
                                [&](const auto& match) {
                                  return !call.Can(Permission::VIEW,
                                                   rpc::ScopeOfName(match.workflow()));
                                }),
                 matches->end());
  return delivery;
}

}  // namespace

pb::Hook Hooks::ToProto(const store::HookRow& row) const {
  pb::Hook hook;
  hook.set_name("hooks/" + row.id);
  pb::HookSpec::Forge forge = pb::HookSpec::FORGE_UNSPECIFIED;
  (void)pb::HookSpec::Forge_Parse(row.forge, &forge);
  hook.mutable_spec()->set_forge(forge);
  for (const std::string& repository : row.repositories)
    hook.mutable_spec()->add_repositories(repository);
  hook.mutable_status()->set_url(parts_.public_url + "/webhooks/" + ToLower(row.forge) + "/" +
                                 row.id);
  hook.mutable_status()->set_content_type("application/json");
  hook.mutable_status()->add_events("push");
  for (const auto& [reason, count] : parts_.refusals.Of(row.id))
    (*hook.mutable_status()->mutable_refused())[reason] = count;
  hook.mutable_status()->set_id(row.numeric_id);
  hook.set_etag(Etag(row.version));
  *hook.mutable_create_time() = rpc::ToTimestamp(row.created);
  *hook.mutable_update_time() = rpc::ToTimestamp(row.updated);
  return hook;
}

absl::StatusOr<pb::Hook> Hooks::Create(rpc::CallContext& call,
                                       const pb::CreateHookRequest& request) {
  std::string id = request.hook_id();
  if (id.empty()) id = "hook-" + RandomHex(4);
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, "hookId"));
  const pb::HookSpec& spec = request.hook().spec();
  SLIPWAY_RETURN_IF_ERROR(ValidateSpec(spec));
  const bool generate = spec.secret().value().empty();
  const std::string secret = generate ? RandomHex(32) : spec.secret().value();
  const absl::Time now = parts_.clock.Now();
  store::HookRow row{.id = id,
                     .forge = pb::HookSpec::Forge_Name(spec.forge()),
                     .repositories = {spec.repositories().begin(), spec.repositories().end()},
                     .secret = parts_.keys.Seal(secret, HookSecretPlace(id)),
                     .created = now,
                     .updated = now};
  const absl::Status status =
      db::RunTx(parts_.pool, "hooks.create", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(store::InsertHook(tx, row));
        SLIPWAY_ASSIGN_OR_RETURN(const auto stored, store::FindHook(tx, id));
        row = *stored;
        if (request.validate_only()) return absl::CancelledError("validate_only");
        return parts_.audit.Append(tx, call, "hooks/" + id);
      });
  if (status.code() == absl::StatusCode::kAlreadyExists) return NameTaken("hooks/" + id);
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  pb::Hook hook = ToProto(row);
  if (generate && !request.validate_only()) hook.mutable_status()->set_secret(secret);
  return hook;
}

absl::StatusOr<pb::Hook> Hooks::Get(const rpc::CallContext& call, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "hooks/*"));
  SLIPWAY_ASSIGN_OR_RETURN(const auto row,
                           db::RunTx(parts_.pool, "hooks.get", call.deadline,
                                     [&](db::Tx& tx) { return store::FindHook(tx, parsed.id()); }));
  if (!row) return NotThere(name);
  return ToProto(*row);
}

absl::StatusOr<pb::ListHooksResponse> Hooks::List(const rpc::CallContext& call,
                                                  const pb::ListHooksRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("hooks", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(const auto rows,
                           db::RunTx(parts_.pool, "hooks.list", call.deadline, [&](db::Tx& tx) {
                             return store::ListHooks(tx, after, size + 1);
                           }));
  pb::ListHooksResponse response;
  for (const auto& row : rows) {
    if (response.hooks_size() == size) {
      response.set_next_page_token(rpc::PageToken("hooks", rows[size - 1].id));
      break;
    }
    *response.add_hooks() = ToProto(row);
  }
  return response;
}

absl::StatusOr<pb::Hook> Hooks::Update(rpc::CallContext& call,
                                       const pb::UpdateHookRequest& request) {
  const pb::Hook& wanted = request.hook();
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed,
                           rpc::ResourceName::Parse(wanted.name(), "hooks/*", "hook.name"));
  SLIPWAY_RETURN_IF_ERROR(ValidateSpec(wanted.spec()));
  store::HookRow row;
  bool missing = false;
  const absl::Status status =
      db::RunTx(parts_.pool, "hooks.update", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto found, store::FindHook(tx, parsed.id(), true));
        missing = !found;
        if (missing) return NotThere(wanted.name());
        row = *found;
        if (!wanted.etag().empty() && wanted.etag() != Etag(row.version))
          return StaleEtag(wanted.name());
        const std::vector<std::string> repositories(wanted.spec().repositories().begin(),
                                                    wanted.spec().repositories().end());
        bool new_secret = !wanted.spec().secret().value().empty();
        if (new_secret) {
          const auto old = parts_.keys.Open(row.secret, HookSecretPlace(row.id));
          new_secret = !old.ok() || *old != wanted.spec().secret().value();
        }
        if (!new_secret && repositories == row.repositories &&
            pb::HookSpec::Forge_Name(wanted.spec().forge()) == row.forge) {
          return absl::OkStatus();
        }
        row.repositories = repositories;
        row.forge = pb::HookSpec::Forge_Name(wanted.spec().forge());
        if (new_secret)
          row.secret = parts_.keys.Seal(wanted.spec().secret().value(), HookSecretPlace(row.id));
        row.updated = parts_.clock.Now();
        SLIPWAY_RETURN_IF_ERROR(store::UpdateHook(tx, row));
        ++row.version;
        if (request.validate_only()) return absl::CancelledError("validate_only");
        return parts_.audit.Append(tx, call, wanted.name());
      });
  if (missing && request.allow_missing()) {
    pb::CreateHookRequest create;
    create.set_hook_id(parsed.id());
    *create.mutable_hook() = wanted;
    create.set_validate_only(request.validate_only());
    return Create(call, create);
  }
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  return ToProto(row);
}

absl::Status Hooks::Delete(rpc::CallContext& call, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "hooks/*"));
  return db::RunTx(parts_.pool, "hooks.delete", call.deadline, [&](db::Tx& tx) -> absl::Status {
    SLIPWAY_ASSIGN_OR_RETURN(const int64_t deleted, store::DeleteHook(tx, parsed.id()));
    if (deleted == 0) return NotThere(name);
    return parts_.audit.Append(tx, call, name);
  });
}

absl::StatusOr<pb::Delivery> Hooks::GetDelivery(const rpc::CallContext& call,
                                                const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "deliveries/*"));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto row, db::RunTx(parts_.pool, "deliveries.get", call.deadline,
                                [&](db::Tx& tx) { return store::FindDelivery(tx, parsed.id()); }));
  if (!row || !MaySee(call, *row)) return NotThere(name);
  return ForCaller(call, *row);
}

absl::StatusOr<pb::ListDeliveriesResponse> Hooks::ListDeliveries(
    const rpc::CallContext& call, const pb::ListDeliveriesRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 50, 500));
  const std::string list = "deliveries " + request.hook() + " " + request.app();
  SLIPWAY_ASSIGN_OR_RETURN(const std::string before,
                           rpc::ReadPageToken(list, request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows, db::RunTx(parts_.pool, "deliveries.list", call.deadline, [&](db::Tx& tx) {
        return store::ListDeliveries(tx, {request.hook(), request.app(), before, size + 1});
      }));
  pb::ListDeliveriesResponse response;
  for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i) {
    if (MaySee(call, rows[i])) *response.add_deliveries() = ForCaller(call, rows[i]);
  }
  if (static_cast<int>(rows.size()) > size)
    response.set_next_page_token(rpc::PageToken(list, rows[size - 1].id));
  return response;
}

absl::StatusOr<pb::Delivery> Hooks::Redeliver(rpc::CallContext& call,
                                              const pb::RedeliverRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed,
                           rpc::ResourceName::Parse(request.name(), "deliveries/*"));
  if (request.request_id().size() > 128) return InvalidField("requestId", "at most 128 characters");
  store::DeliveryRow row;
  const absl::Time now = parts_.clock.Now();
  const absl::Status status = db::RunTx(
      parts_.pool, "deliveries.redeliver", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto original, store::FindDelivery(tx, parsed.id()));
        if (!original || !MaySee(call, *original)) return NotThere(request.name());
        if (original->apps.empty())
          SLIPWAY_RETURN_IF_ERROR(call.Require(Permission::SUPER, {}, request.name()));
        for (const std::string& app : original->apps) {
          SLIPWAY_RETURN_IF_ERROR(call.Require(Permission::TRIGGER, rpc::ScopeOfName(app), app));
        }
        row = *original;
        row.id = NewUlid(now);
        row.redelivery_of = parsed.id();
        row.request_id = request.request_id();
        row.traceparent = call.trace.ToString();
        row.trace_id = call.trace.trace_id;
        row.state = "RECEIVED";
        row.outcome.clear();
        row.matches.clear();
        row.created = now;
        row.processed.reset();
        SLIPWAY_ASSIGN_OR_RETURN(const bool inserted, store::InsertDelivery(tx, row, now));
        if (!inserted) {
          SLIPWAY_ASSIGN_OR_RETURN(const auto earlier,
                                   store::FindByRequestId(tx, parsed.id(), request.request_id()));
          if (!earlier) return absl::InternalError("a redelivery was neither stored nor found");
          row = *earlier;
          return absl::OkStatus();
        }
        SLIPWAY_RETURN_IF_ERROR(journal::Append(tx, {.subject = "deliveries/" + row.id,
                                                     .kind = "delivery",
                                                     .event = "delivery.redelivered",
                                                     .verdict = journal::Verdict::kAccepted,
                                                     .message = "redelivered by " + call.actor,
                                                     .related = {request.name()},
                                                     .trace_id = row.trace_id}));
        return parts_.audit.Append(tx, call, request.name());
      });
  SLIPWAY_RETURN_IF_ERROR(status);
  parts_.stored();
  return ForCaller(call, row);
}

}  // namespace slipway::trigger
