#include "services/auth/domain/token_secret.h"

#include "libs/base/encoding.h"
#include "libs/base/id.h"

namespace slipway::auth {

std::string NewTokenSecret() { return "swy_" + RandomHex(32); }
std::string HashToken(std::string_view secret) { return Sha256(secret); }
std::string HintOf(std::string_view secret) { return std::string(secret.substr(0, 8)); }

}  // namespace slipway::auth
