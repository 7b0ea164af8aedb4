#include "services/auth/domain/people.h"

#include "libs/base/error.h"
#include "libs/base/id.h"
#include "libs/base/status.h"
#include "libs/db/run_tx.h"
#include "libs/rpc/paging.h"
#include "libs/rpc/resource_name.h"
#include "services/auth/domain/convert.h"
#include "services/auth/domain/errors.h"
#include "services/auth/domain/grants.h"
#include "services/auth/store/store.h"

namespace slipway::auth {
namespace {

namespace authpb = slipway::auth::v1;
using slipway::api::Permission;

// Ends a transaction whose result is wanted but whose changes are not.
absl::Status DryRun() { return absl::CancelledError("validate_only"); }

absl::Status CheckDisplayName(const authpb::UserSpec& spec) {
  constexpr size_t kMaxDisplayName = 256;
  if (spec.display_name().size() <= kMaxDisplayName) return absl::OkStatus();
  return InvalidField("user.spec.displayName", "is longer than 256 bytes");
}

// The id of a binding's token or user that is not there.
absl::Status MissingSubject(const authpb::RoleBindingSpec& spec) {
  return spec.user().empty()
             ? InvalidField("roleBinding.spec.token", "there is no token \"" + spec.token() + "\"")
             : InvalidField("roleBinding.spec.user", "there is no user \"" + spec.user() + "\"");
}

authpb::Grant GrantOf(const authpb::RoleBindingSpec& spec) {
  authpb::Grant grant;
  grant.set_role(spec.role());
  grant.set_project(spec.project());
  grant.set_environment(spec.environment());
  grant.set_app(spec.app());
  return grant;
}

bool MayManage(const rpc::CallContext& call, const authpb::RoleBindingSpec& spec) {
  return call.Can(Permission::MANAGE, {spec.project(), spec.app(), spec.environment()});
}

// The caller may give this role here: manages the scope, and has at least the role itself.
absl::Status CheckMayGive(const rpc::CallContext& call, const authpb::RoleBindingSpec& spec) {
  if (spec.user().empty() == spec.token().empty()) {
    return InvalidField("roleBinding.spec.user", "set either user or token");
  }
  const authpb::Grant grant = GrantOf(spec);
  SLIPWAY_RETURN_IF_ERROR(ValidateGrant(grant, "roleBinding.spec"));
  if (!MayManage(call, spec) || !Covers(call.principal, grant))
    return GrantBeyondOwn(Describe(grant));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<authpb::User> People::CreateUser(rpc::CallContext& call,
                                                const authpb::CreateUserRequest& request) {
  const std::string& id = request.user_id();
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, "userId"));
  SLIPWAY_RETURN_IF_ERROR(CheckDisplayName(request.user().spec()));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string hash,
                           parts_.passwords.Hash(request.user().spec().password()));
  const absl::Time now = parts_.clock.Now();
  store::UserRow row{.id = id,
                     .display_name = request.user().spec().display_name(),
                     .password_hash = hash,
                     .disabled = request.user().spec().disabled(),
                     .version = 1,
                     .created = now,
                     .updated = now};
  const absl::Status status =
      db::RunTx(parts_.pool, "people.create_user", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(store::InsertUser(tx, row));
        SLIPWAY_ASSIGN_OR_RETURN(const auto stored, store::FindUser(tx, id));
        row = *stored;
        if (request.validate_only()) return DryRun();
        return parts_.audit.Append(tx, call, "users/" + id);
      });
  if (status.code() == absl::StatusCode::kAlreadyExists) return NameTaken("users/" + id);
  if (!status.ok() && !request.validate_only()) return status;
  return ToProto(row);
}

absl::StatusOr<authpb::User> People::GetUser(const rpc::CallContext& call,
                                             const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "users/*"));
  SLIPWAY_ASSIGN_OR_RETURN(const auto row,
                           db::RunTx(parts_.pool, "people.get_user", call.deadline,
                                     [&](db::Tx& tx) { return store::FindUser(tx, parsed.id()); }));
  if (!row) return NotThere(name);
  return ToProto(*row);
}

absl::StatusOr<authpb::ListUsersResponse> People::ListUsers(
    const rpc::CallContext& call, const authpb::ListUsersRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("users", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows, db::RunTx(parts_.pool, "people.list_users", call.deadline, [&](db::Tx& tx) {
        return store::ListUsers(tx, after, size + 1);
      }));
  authpb::ListUsersResponse response;
  for (const auto& row : rows) {
    if (response.users_size() == size) {
      response.set_next_page_token(rpc::PageToken("users", rows[size - 1].id));
      break;
    }
    *response.add_users() = ToProto(row);
  }
  return response;
}

absl::StatusOr<authpb::User> People::UpdateUser(rpc::CallContext& call,
                                                const authpb::UpdateUserRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed,
                           rpc::ResourceName::Parse(request.user().name(), "users/*", "user.name"));
  const auto& spec = request.user().spec();
  SLIPWAY_RETURN_IF_ERROR(CheckDisplayName(spec));
  std::string hash;
  if (!spec.password().empty()) {
    SLIPWAY_ASSIGN_OR_RETURN(hash, parts_.passwords.Hash(spec.password()));
  }
  store::UserRow row;
  bool missing = false;
  const absl::Status status =
      db::RunTx(parts_.pool, "people.update_user", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto found, store::FindUser(tx, parsed.id(), true));
        missing = !found;
        if (missing) return NotThere(request.user().name());
        row = *found;
        if (!request.user().etag().empty() && request.user().etag() != Etag(row.version))
          return StaleEtag(request.user().name());
        if (hash.empty() && row.display_name == spec.display_name() &&
            row.disabled == spec.disabled())
          return absl::OkStatus();
        row.display_name = spec.display_name();
        row.disabled = spec.disabled();
        row.updated = parts_.clock.Now();
        if (!hash.empty()) {
          row.password_hash = hash;
          SLIPWAY_RETURN_IF_ERROR(store::DeleteSessionsOf(tx, row.id));
        }
        SLIPWAY_RETURN_IF_ERROR(store::UpdateUser(tx, row));
        ++row.version;
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t admins, store::CountSuperAdmins(tx));
        if (admins == 0) return LastSuperAdmin();
        if (request.validate_only()) return DryRun();
        return parts_.audit.Append(tx, call, request.user().name());
      });
  if (missing && request.allow_missing()) {
    authpb::CreateUserRequest create;
    create.set_user_id(parsed.id());
    *create.mutable_user() = request.user();
    create.set_validate_only(request.validate_only());
    return CreateUser(call, create);
  }
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  return ToProto(row);
}

absl::Status People::DeleteUser(rpc::CallContext& call, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "users/*"));
  return db::RunTx(
      parts_.pool, "people.delete_user", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto found, store::FindUser(tx, parsed.id(), true));
        if (!found) return NotThere(name);
        SLIPWAY_RETURN_IF_ERROR(store::DeleteUser(tx, parsed.id()));
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t admins, store::CountSuperAdmins(tx));
        if (admins == 0) return LastSuperAdmin();
        return parts_.audit.Append(tx, call, name);
      });
}

absl::StatusOr<authpb::RoleBinding> People::CreateRoleBinding(
    rpc::CallContext& call, const authpb::CreateRoleBindingRequest& request) {
  std::string id = request.role_binding_id();
  if (id.empty()) id = "binding-" + RandomHex(4);
  SLIPWAY_RETURN_IF_ERROR(ValidateSlug(id, "roleBindingId"));
  const auto& spec = request.role_binding().spec();
  SLIPWAY_RETURN_IF_ERROR(CheckMayGive(call, spec));
  const absl::Time now = parts_.clock.Now();
  const store::BindingRow row{.id = id, .spec = spec, .version = 1, .created = now, .updated = now};
  const absl::Status status = db::RunTx(
      parts_.pool, "people.create_binding", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_RETURN_IF_ERROR(store::InsertBinding(tx, row));
        if (request.validate_only()) return DryRun();
        return parts_.audit.Append(tx, call, "roleBindings/" + id);
      });
  if (status.code() == absl::StatusCode::kAlreadyExists) return NameTaken("roleBindings/" + id);
  if (status.code() == absl::StatusCode::kFailedPrecondition) return MissingSubject(spec);
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  return ToProto(row);
}

absl::StatusOr<authpb::RoleBinding> People::GetRoleBinding(const rpc::CallContext& call,
                                                           const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "roleBindings/*"));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto row, db::RunTx(parts_.pool, "people.get_binding", call.deadline,
                                [&](db::Tx& tx) { return store::FindBinding(tx, parsed.id()); }));
  if (!row || !MayManage(call, row->spec)) return NotThere(name);
  return ToProto(*row);
}

absl::StatusOr<authpb::ListRoleBindingsResponse> People::ListRoleBindings(
    const rpc::CallContext& call, const authpb::ListRoleBindingsRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  SLIPWAY_ASSIGN_OR_RETURN(const std::string after,
                           rpc::ReadPageToken("roleBindings", request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto rows,
      db::RunTx(parts_.pool, "people.list_bindings", call.deadline,
                [&](db::Tx& tx) { return store::ListBindings(tx, after, size + 1); }));
  authpb::ListRoleBindingsResponse response;
  for (int i = 0; i < std::min<int>(size, static_cast<int>(rows.size())); ++i) {
    if (MayManage(call, rows[i].spec)) *response.add_role_bindings() = ToProto(rows[i]);
  }
  if (static_cast<int>(rows.size()) > size)
    response.set_next_page_token(rpc::PageToken("roleBindings", rows[size - 1].id));
  return response;
}

absl::StatusOr<authpb::RoleBinding> People::UpdateRoleBinding(
    rpc::CallContext& call, const authpb::UpdateRoleBindingRequest& request) {
  const auto& binding = request.role_binding();
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto parsed,
      rpc::ResourceName::Parse(binding.name(), "roleBindings/*", "roleBinding.name"));
  SLIPWAY_RETURN_IF_ERROR(CheckMayGive(call, binding.spec()));
  store::BindingRow row;
  bool missing = false;
  const absl::Status status = db::RunTx(
      parts_.pool, "people.update_binding", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto found, store::FindBinding(tx, parsed.id(), true));
        missing = !found;
        if (missing || !MayManage(call, found->spec)) return NotThere(binding.name());
        row = *found;
        if (!binding.etag().empty() && binding.etag() != Etag(row.version))
          return StaleEtag(binding.name());
        if (row.spec.SerializeAsString() == binding.spec().SerializeAsString())
          return absl::OkStatus();
        row.spec = binding.spec();
        row.updated = parts_.clock.Now();
        SLIPWAY_RETURN_IF_ERROR(store::UpdateBinding(tx, row));
        ++row.version;
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t admins, store::CountSuperAdmins(tx));
        if (admins == 0) return LastSuperAdmin();
        if (request.validate_only()) return DryRun();
        return parts_.audit.Append(tx, call, binding.name());
      });
  if (missing && request.allow_missing()) {
    authpb::CreateRoleBindingRequest create;
    create.set_role_binding_id(parsed.id());
    *create.mutable_role_binding() = binding;
    create.set_validate_only(request.validate_only());
    return CreateRoleBinding(call, create);
  }
  if (!db::ViolatedConstraint(status).empty()) return MissingSubject(binding.spec());
  if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  return ToProto(row);
}

absl::Status People::DeleteRoleBinding(rpc::CallContext& call, const std::string& name) {
  SLIPWAY_ASSIGN_OR_RETURN(const auto parsed, rpc::ResourceName::Parse(name, "roleBindings/*"));
  return db::RunTx(
      parts_.pool, "people.delete_binding", call.deadline, [&](db::Tx& tx) -> absl::Status {
        SLIPWAY_ASSIGN_OR_RETURN(const auto found, store::FindBinding(tx, parsed.id(), true));
        if (!found || !MayManage(call, found->spec)) return NotThere(name);
        SLIPWAY_RETURN_IF_ERROR(store::DeleteBinding(tx, parsed.id()));
        SLIPWAY_ASSIGN_OR_RETURN(const int64_t admins, store::CountSuperAdmins(tx));
        if (admins == 0) return LastSuperAdmin();
        return parts_.audit.Append(tx, call, name);
      });
}

absl::Status People::DeleteScope(const rpc::CallContext& call,
                                 const authpb::DeleteScopeRequest& request) {
  if (request.project().empty() == request.environment().empty()) {
    return InvalidField("project", "set either project, with or without app, or environment");
  }
  return db::RunTx(parts_.pool, "people.delete_scope", call.deadline, [&](db::Tx& tx) {
    return store::RemoveScope(tx, request.project(), request.app(), request.environment());
  });
}

absl::Status People::AppendAudit(const std::vector<authpb::AuditEntry>& entries,
                                 absl::Time deadline) {
  if (entries.size() > 256) return InvalidField("entries", "at most 256 at once");
  return db::RunTx(parts_.pool, "people.append_audit", deadline, [&](db::Tx& tx) -> absl::Status {
    for (const auto& entry : entries) SLIPWAY_RETURN_IF_ERROR(store::InsertAudit(tx, entry));
    return absl::OkStatus();
  });
}

absl::StatusOr<authpb::ListAuditResponse> People::ListAudit(
    const rpc::CallContext& call, const authpb::ListAuditRequest& request) {
  SLIPWAY_ASSIGN_OR_RETURN(const int size, rpc::PageSize(request.page_size(), 100, 1000));
  const std::string list = "audit " + request.actor() + " " + request.resource();
  SLIPWAY_ASSIGN_OR_RETURN(const std::string before,
                           rpc::ReadPageToken(list, request.page_token()));
  SLIPWAY_ASSIGN_OR_RETURN(
      const auto entries,
      db::RunTx(parts_.pool, "people.list_audit", call.deadline, [&](db::Tx& tx) {
        return store::ListAudit(tx, request.actor(), request.resource(), before, size + 1);
      }));
  authpb::ListAuditResponse response;
  for (const auto& entry : entries) {
    if (response.entries_size() == size) {
      response.set_next_page_token(rpc::PageToken(list, entries[size - 1].id()));
      break;
    }
    *response.add_entries() = entry;
  }
  return response;
}

}  // namespace slipway::auth
