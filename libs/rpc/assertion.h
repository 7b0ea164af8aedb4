#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "libs/base/clock.h"
#include "libs/base/mutex.h"
#include "slipway/auth/v1/assertion.pb.h"

namespace slipway::rpc {

// Signs assertions with an Ed25519 key (RFC 8032). Owned by the auth service. Immutable,
// thread-safe.
class AssertionSigner {
 public:
  // `seed` is 32 bytes.
  static absl::StatusOr<AssertionSigner> FromSeed(const std::string& seed);

  // Serialised Assertion for `principal`, refused from `expires` on.
  std::string Sign(const slipway::auth::v1::Principal& principal, absl::Time expires) const;
  // 32 bytes.
  const std::string& public_key() const { return public_key_; }

 private:
  AssertionSigner(std::string public_key, std::string secret_key);
  std::string public_key_;
  std::string secret_key_;
  std::string key_id_;
};

// First eight hex digits of the SHA-256 of a public key.
std::string KeyIdOf(const std::string& public_key);

// A verified caller.
struct VerifiedCaller {
  slipway::auth::v1::Principal principal;
  absl::Time expires;
};

// Verifies assertions offline. Keys are fetched by `fetch` when an assertion names one that is not
// known, at most once a second. Thread-safe.
class AssertionVerifier {
 public:
  using FetchKeys = std::function<absl::StatusOr<std::vector<std::string>>()>;
  AssertionVerifier(Clock& clock, FetchKeys fetch);

  // UNAUTHENTICATED for anything but a sound, unexpired assertion of a known key; the fetch's error
  // where that failed.
  absl::StatusOr<VerifiedCaller> Verify(const std::string& assertion);

 private:
  absl::StatusOr<std::string> KeyFor(const std::string& key_id);

  Clock& clock_;
  FetchKeys fetch_;
  Mutex mu_;
  std::vector<std::string> keys_ SLIPWAY_GUARDED_BY(mu_);
  absl::Time last_fetch_ SLIPWAY_GUARDED_BY(mu_) = absl::InfinitePast();
};

}  // namespace slipway::rpc
