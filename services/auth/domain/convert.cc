#include "services/auth/domain/convert.h"

#include "libs/rpc/timestamp.h"

namespace slipway::auth {

namespace authpb = slipway::auth::v1;

std::string Etag(int64_t version) { return "v" + std::to_string(version); }

authpb::User ToProto(const store::UserRow& row) {
  authpb::User user;
  user.set_name("users/" + row.id);
  user.mutable_spec()->set_display_name(row.display_name);
  user.mutable_spec()->set_disabled(row.disabled);
  user.mutable_status()->set_id(row.numeric_id);
  user.set_etag(Etag(row.version));
  *user.mutable_create_time() = rpc::ToTimestamp(row.created);
  *user.mutable_update_time() = rpc::ToTimestamp(row.updated);
  return user;
}

authpb::Token ToProto(const store::TokenRow& row) {
  authpb::Token token;
  token.set_name("tokens/" + row.id);
  for (const auto& grant : row.grants) *token.mutable_spec()->add_grants() = grant;
  token.mutable_spec()->mutable_expires()->set_seconds(
      absl::ToInt64Seconds(row.expires - row.created));
  token.mutable_status()->set_hint(row.hint);
  token.mutable_status()->set_creator(row.creator);
  *token.mutable_status()->mutable_expire_time() = rpc::ToTimestamp(row.expires);
  if (row.last_used)
    *token.mutable_status()->mutable_last_used_time() = rpc::ToTimestamp(*row.last_used);
  *token.mutable_create_time() = rpc::ToTimestamp(row.created);
  return token;
}

authpb::RoleBinding ToProto(const store::BindingRow& row) {
  authpb::RoleBinding binding;
  binding.set_name("roleBindings/" + row.id);
  *binding.mutable_spec() = row.spec;
  binding.set_etag(Etag(row.version));
  *binding.mutable_create_time() = rpc::ToTimestamp(row.created);
  *binding.mutable_update_time() = rpc::ToTimestamp(row.updated);
  return binding;
}

}  // namespace slipway::auth
