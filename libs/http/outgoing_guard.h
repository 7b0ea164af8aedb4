#pragma once

#include <sys/socket.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/http/url.h"

namespace slipway::http {

// Decides which hosts this installation calls on a user's word (repository URLs, registries,
// notifications). Public addresses are allowed; loopback, link-local, private, unique-local,
// multicast, reserved and embedded-IPv4 ones are not, unless the operator allowed the host:port
// pair. Immutable after construction, so thread-safe.
class OutgoingGuard {
 public:
  // `allowed` are "host:port" pairs as they stand in URLs: "127.0.0.1:8481", "git.internal:80",
  // "[::1]:80". INVALID_ARGUMENT names a pair that is none.
  static absl::StatusOr<OutgoingGuard> Create(const std::vector<std::string>& allowed);

  // OK if `url` (http or https only) may be called: it is an allowed pair, or the name resolves to
  // public addresses only. For programs that connect on their own, prefer Resolve and pin the
  // address.
  absl::Status CheckUrl(std::string_view url) const;

  // Where a checked URL leads. Pinning these addresses (git: http.curloptResolve=HOST:PORT:ADDRESS)
  // keeps a second look-up from leading elsewhere.
  struct Resolved {
    Url url;
    std::vector<std::string> addresses;  // numeric; empty for an allowed pair
  };
  absl::StatusOr<Resolved> Resolve(std::string_view url) const;

  // OK if a connection to `address` may be opened for `host:port`: asked at the moment of
  // connecting.
  absl::Status CheckAddress(std::string_view host, int port, const sockaddr* address) const;

  bool AllowsPair(std::string_view host, int port) const;

 private:
  OutgoingGuard() = default;
  std::set<std::pair<std::string, int>> allowed_;
};

// Whether anybody on the Internet could have this address (RFC 6890 registries).
bool IsPublicAddress(const sockaddr* address);
// The address in numeric form without port.
std::string AddressText(const sockaddr* address);

}  // namespace slipway::http
