#include "libs/rpc/assertion.h"

#include <sodium.h>

#include "libs/base/encoding.h"
#include "libs/base/status.h"

namespace slipway::rpc {
namespace {

namespace authpb = slipway::auth::v1;

const unsigned char* Bytes(const std::string& s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* Bytes(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

}  // namespace

std::string KeyIdOf(const std::string& public_key) { return Sha256Hex(public_key).substr(0, 8); }

AssertionSigner::AssertionSigner(std::string public_key, std::string secret_key)
    : public_key_(std::move(public_key)),
      secret_key_(std::move(secret_key)),
      key_id_(KeyIdOf(public_key_)) {}

absl::StatusOr<AssertionSigner> AssertionSigner::FromSeed(const std::string& seed) {
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return absl::InvalidArgumentError("an assertion key is 32 bytes long");
  }
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  std::string secret_key(crypto_sign_SECRETKEYBYTES, '\0');
  crypto_sign_seed_keypair(Bytes(public_key), Bytes(secret_key), Bytes(seed));
  return AssertionSigner(std::move(public_key), std::move(secret_key));
}

std::string AssertionSigner::Sign(const authpb::Principal& principal, absl::Time expires) const {
  authpb::AssertionClaims claims;
  *claims.mutable_principal() = principal;
  claims.set_expire_micros(absl::ToUnixMicros(expires));
  claims.set_key_id(key_id_);
  authpb::Assertion assertion;
  assertion.set_claims(claims.SerializeAsString());
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(Bytes(signature), nullptr, Bytes(assertion.claims()),
                       assertion.claims().size(), Bytes(secret_key_));
  assertion.set_signature(signature);
  return assertion.SerializeAsString();
}

AssertionVerifier::AssertionVerifier(Clock& clock, FetchKeys fetch)
    : clock_(clock), fetch_(std::move(fetch)) {}

absl::StatusOr<std::string> AssertionVerifier::KeyFor(const std::string& key_id) {
  {
    MutexLock lock(mu_);
    for (const std::string& key : keys_) {
      if (KeyIdOf(key) == key_id) return key;
    }
    if (clock_.Now() - last_fetch_ < absl::Seconds(1))
      return absl::UnauthenticatedError("assertion of an unknown key");
  }
  SLIPWAY_ASSIGN_OR_RETURN(std::vector<std::string> keys, fetch_());
  MutexLock lock(mu_);
  last_fetch_ = clock_.Now();
  keys_ = std::move(keys);
  for (const std::string& key : keys_) {
    if (KeyIdOf(key) == key_id) return key;
  }
  return absl::UnauthenticatedError("assertion of an unknown key");
}

absl::StatusOr<VerifiedCaller> AssertionVerifier::Verify(const std::string& text) {
  authpb::Assertion assertion;
  authpb::AssertionClaims claims;
  if (!assertion.ParseFromString(text) || assertion.signature().size() != crypto_sign_BYTES ||
      !claims.ParseFromString(assertion.claims())) {
    return absl::UnauthenticatedError("malformed assertion");
  }
  SLIPWAY_ASSIGN_OR_RETURN(const std::string key, KeyFor(claims.key_id()));
  if (key.size() != crypto_sign_PUBLICKEYBYTES ||
      crypto_sign_verify_detached(Bytes(assertion.signature()), Bytes(assertion.claims()),
                                  assertion.claims().size(), Bytes(key)) != 0) {
    return absl::UnauthenticatedError("assertion with a wrong signature");
  }
  VerifiedCaller caller{claims.principal(), absl::FromUnixMicros(claims.expire_micros())};
  if (caller.expires <= clock_.Now())
    return absl::UnauthenticatedError("the assertion has expired");
  return caller;
}

}  // namespace slipway::rpc
