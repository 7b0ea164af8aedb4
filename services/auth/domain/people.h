#pragma once

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/db/pool.h"
#include "libs/rpc/call_context.h"
#include "libs/service/audit_outbox.h"
#include "services/auth/domain/password.h"
#include "slipway/auth/v1/auth.pb.h"

namespace slipway::auth {

// Users, their roles, and the audit trail. Owned by App; thread-safe.
class People {
 public:
  struct Parts {
    db::Pool& pool;
    Clock& clock;
    PasswordHasher& passwords;
    service::AuditOutbox& audit;
  };
  explicit People(Parts parts) : parts_(parts) {}

  absl::StatusOr<slipway::auth::v1::User> CreateUser(
      rpc::CallContext& call, const slipway::auth::v1::CreateUserRequest& request);
  absl::StatusOr<slipway::auth::v1::User> GetUser(const rpc::CallContext& call,
                                                  const std::string& name);
  absl::StatusOr<slipway::auth::v1::ListUsersResponse> ListUsers(
      const rpc::CallContext& call, const slipway::auth::v1::ListUsersRequest& request);
  // A new password ends the user's sessions.
  absl::StatusOr<slipway::auth::v1::User> UpdateUser(
      rpc::CallContext& call, const slipway::auth::v1::UpdateUserRequest& request);
  absl::Status DeleteUser(rpc::CallContext& call, const std::string& name);

  absl::StatusOr<slipway::auth::v1::RoleBinding> CreateRoleBinding(
      rpc::CallContext& call, const slipway::auth::v1::CreateRoleBindingRequest& request);
  absl::StatusOr<slipway::auth::v1::RoleBinding> GetRoleBinding(const rpc::CallContext& call,
                                                                const std::string& name);
  absl::StatusOr<slipway::auth::v1::ListRoleBindingsResponse> ListRoleBindings(
      const rpc::CallContext& call, const slipway::auth::v1::ListRoleBindingsRequest& request);
  absl::StatusOr<slipway::auth::v1::RoleBinding> UpdateRoleBinding(
      rpc::CallContext& call, const slipway::auth::v1::UpdateRoleBindingRequest& request);
  absl::Status DeleteRoleBinding(rpc::CallContext& call, const std::string& name);

  absl::Status DeleteScope(const rpc::CallContext& call,
                           const slipway::auth::v1::DeleteScopeRequest& request);
  absl::Status AppendAudit(const std::vector<slipway::auth::v1::AuditEntry>& entries,
                           absl::Time deadline);
  absl::StatusOr<slipway::auth::v1::ListAuditResponse> ListAudit(
      const rpc::CallContext& call, const slipway::auth::v1::ListAuditRequest& request);

 private:
  Parts parts_;
};

}  // namespace slipway::auth
