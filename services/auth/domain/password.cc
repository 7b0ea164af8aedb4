#include "services/auth/domain/password.h"

#include <argon2.h>
#include <sodium.h>

#include "libs/base/error.h"

namespace slipway::auth {
namespace {

constexpr uint32_t kPasses = 2;
constexpr uint32_t kMemoryKib = 19 * 1024;
constexpr size_t kSaltBytes = 16;
constexpr size_t kHashBytes = 32;

absl::StatusOr<std::string> HashOf(std::string_view password) {
  unsigned char salt[kSaltBytes];
  randombytes_buf(salt, sizeof salt);
  std::string out(argon2_encodedlen(kPasses, kMemoryKib, 1, kSaltBytes, kHashBytes, Argon2_id),
                  '\0');
  const int rc = argon2id_hash_encoded(kPasses, kMemoryKib, 1, password.data(), password.size(),
                                       salt, sizeof salt, kHashBytes, out.data(), out.size());
  if (rc != ARGON2_OK)
    return absl::InternalError(std::string("argon2: ") + argon2_error_message(rc));
  out.resize(out.find('\0'));
  return out;
}

}  // namespace

PasswordHasher::PasswordHasher() : decoy_(HashOf("no such user").value_or("")) {}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password) {
  if (password.size() < 8 || password.size() > 1024) {
    return InvalidField("user.spec.password", "a password has 8 to 1024 bytes");
  }
  MutexLock lock(mu_);
  return HashOf(password);
}

bool PasswordHasher::Verify(std::string_view password, const std::string& hash) {
  if (password.size() > 1024) return false;
  MutexLock lock(mu_);
  const bool right = argon2id_verify((hash.empty() ? decoy_ : hash).c_str(), password.data(),
                                     password.size()) == ARGON2_OK;
  return right && !hash.empty();
}

}  // namespace slipway::auth
