#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace slipway {

// A new ULID (https://github.com/ulid/spec): 26 characters of Crockford base 32, sorted by time, 80
// random bits from the operating system. Thread-safe.
std::string NewUlid(absl::Time now);

// `bytes` random bytes of the operating system as lower-case hex (twice as many characters).
// Thread-safe.
std::string RandomHex(size_t bytes);

// OK if `id` may name a resource: 1 to 63 of [a-z0-9-], starts with a letter, does not end with '-'
// (RFC 1035 label, AIP-122). `field` is named in the error: "metadata.name".
absl::Status ValidateSlug(std::string_view id, std::string_view field);

}  // namespace slipway
