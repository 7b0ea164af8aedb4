#include "services/auth/domain/convert.h"

namespace slipway::auth {

namespace authpb = slipway::auth::v1;

void SetTime(google::protobuf::Timestamp* out, absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  out->set_seconds(micros / 1'000'000);
  out->set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
}

std::string Etag(int64_t version) { return "v" + std::to_string(version); }

authpb::User ToProto(const store::UserRow& row) {
  authpb::User user;
  user.set_name("users/" + row.id);
  user.mutable_spec()->set_display_name(row.display_name);
  user.mutable_spec()->set_disabled(row.disabled);
  user.mutable_status()->set_id(row.numeric_id);
  user.set_etag(Etag(row.version));
  SetTime(user.mutable_create_time(), row.created);
  SetTime(user.mutable_update_time(), row.updated);
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
  SetTime(token.mutable_status()->mutable_expire_time(), row.expires);
  if (row.last_used) SetTime(token.mutable_status()->mutable_last_used_time(), *row.last_used);
  SetTime(token.mutable_create_time(), row.created);
  return token;
}

authpb::RoleBinding ToProto(const store::BindingRow& row) {
  authpb::RoleBinding binding;
  binding.set_name("roleBindings/" + row.id);
  *binding.mutable_spec() = row.spec;
  binding.set_etag(Etag(row.version));
  SetTime(binding.mutable_create_time(), row.created);
  SetTime(binding.mutable_update_time(), row.updated);
  return binding;
}

}  // namespace slipway::auth
