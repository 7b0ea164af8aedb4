#pragma once

#include <string>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/auth/store/store.h"
#include "slipway/auth/v1/auth.pb.h"

namespace slipway::auth {

slipway::auth::v1::User ToProto(const store::UserRow& row);
// Without the secret.
slipway::auth::v1::Token ToProto(const store::TokenRow& row);
slipway::auth::v1::RoleBinding ToProto(const store::BindingRow& row);
std::string Etag(int64_t version);

}  // namespace slipway::auth
