#include "libs/http/outgoing_guard.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>

#include "libs/base/error.h"
#include "libs/base/status.h"
#include "libs/http/errors.h"

namespace slipway::http {
namespace {

struct Range4 {
  uint32_t network;
  int bits;
};

// IANA IPv4 special-purpose registry, multicast and reserved space.
constexpr Range4 kNotPublic4[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
    {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
    {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 4},  {0xf0000000, 4}};

struct Range6 {
  const char* network;
  int bits;
};

// Everything but 2000::/3 is special; inside it these are. IPv4-mapped, IPv4-compatible and NAT64
// addresses lie outside.
constexpr Range6 kNotPublic6[] = {
    {"2001::", 23}, {"2001:db8::", 32}, {"2002::", 16}, {"3fff::", 20}};

bool Within6(const in6_addr& address, const Range6& range) {
  in6_addr network{};
  inet_pton(AF_INET6, range.network, &network);
  for (int bit = 0; bit < range.bits; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if ((address.s6_addr[bit / 8] & mask) != (network.s6_addr[bit / 8] & mask)) return false;
  }
  return true;
}

bool IsPublic4(uint32_t address) {
  for (const Range4& range : kNotPublic4) {
    if ((address ^ range.network) >> (32 - range.bits) == 0) return false;
  }
  return true;
}

bool IsPublic6(const in6_addr& address) {
  if ((address.s6_addr[0] & 0xe0) != 0x20) return false;
  for (const Range6& range : kNotPublic6) {
    if (Within6(address, range)) return false;
  }
  return true;
}

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

bool IsPublicAddress(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    return IsPublic4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    return IsPublic6(v6.sin6_addr);
  }
  return false;
}

std::string AddressText(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
  }
  return text;
}

absl::StatusOr<OutgoingGuard> OutgoingGuard::Create(const std::vector<std::string>& allowed) {
  OutgoingGuard guard;
  for (const std::string& pair : allowed) {
    const bool has_port = pair.rfind(':') != std::string::npos && pair.back() != ':' &&
                          pair.back() != ']' && pair.find('/') == std::string::npos;
    const absl::StatusOr<Url> url = ParseUrl("http://" + pair + "/");
    if (!has_port || !url.ok()) {
      return InvalidField("allowed", "\"" + pair + "\" is no host:port pair");
    }
    guard.allowed_.emplace(url->host, url->port);
  }
  return guard;
}

bool OutgoingGuard::AllowsPair(std::string_view host, int port) const {
  return allowed_.count({std::string(host), port}) > 0;
}

absl::Status OutgoingGuard::CheckAddress(std::string_view host, int port,
                                         const sockaddr* address) const {
  if (AllowsPair(host, port) || IsPublicAddress(address)) return absl::OkStatus();
  return AddressRefused(host, port, AddressText(address));
}

absl::Status OutgoingGuard::CheckUrl(std::string_view url) const { return Resolve(url).status(); }

absl::StatusOr<OutgoingGuard::Resolved> OutgoingGuard::Resolve(std::string_view url) const {
  Resolved result;
  SLIPWAY_ASSIGN_OR_RETURN(result.url, ParseUrl(url));
  const Url& parts = result.url;
  if (AllowsPair(parts.host, parts.port)) return result;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int code =
      getaddrinfo(parts.host.c_str(), std::to_string(parts.port).c_str(), &hints, &raw);
  const std::unique_ptr<addrinfo, AddressListDeleter> list(raw);
  if (code != 0) return HostNotFound(parts.host, gai_strerror(code));
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    SLIPWAY_RETURN_IF_ERROR(CheckAddress(parts.host, parts.port, entry->ai_addr));
    result.addresses.push_back(AddressText(entry->ai_addr));
  }
  if (result.addresses.empty()) return HostNotFound(parts.host, "no address");
  return result;
}

}  // namespace slipway::http
