#include "services/auth/domain/service_tokens.h"

#include <sys/stat.h>

#include <filesystem>

#include "libs/base/file.h"
#include "libs/base/status.h"
#include "libs/base/strings.h"
#include "services/auth/domain/token_secret.h"

namespace slipway::auth {

namespace authpb = slipway::auth::v1;

absl::StatusOr<ServiceTokens> ServiceTokens::Load(const std::string& folder) {
  ServiceTokens tokens;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".token")) continue;
    authpb::Principal principal;
    const std::string name = file.substr(0, file.size() - 6);
    if (name.starts_with("service-")) {
      principal.set_kind(authpb::Principal::SERVICE);
      principal.set_id(name.substr(8));
    } else if (name.starts_with("runner-")) {
      principal.set_kind(authpb::Principal::RUNNER);
      principal.set_id(name.substr(7));
    } else {
      continue;
    }
    struct stat info;
    if (::stat(entry.path().c_str(), &info) != 0 || (info.st_mode & 077) != 0) {
      return absl::FailedPreconditionError(entry.path().string() +
                                           " may be read by others: chmod 0600 it");
    }
    SLIPWAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(entry.path().string(), 4096));
    const std::string_view token = Trim(text);
    if (token.size() < 32)
      return absl::FailedPreconditionError(entry.path().string() +
                                           " is shorter than 32 characters");
    tokens.by_hash_[HashToken(token)] = principal;
  }
  if (error) return ErrnoStatus(error.value(), folder);
  return tokens;
}

std::optional<authpb::Principal> ServiceTokens::Find(const std::string& hash) const {
  const auto found = by_hash_.find(hash);
  if (found == by_hash_.end()) return std::nullopt;
  return found->second;
}

}  // namespace slipway::auth
