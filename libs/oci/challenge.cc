#include "libs/oci/challenge.h"

#include "libs/base/strings.h"

namespace slipway::oci {
namespace {

std::string Escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

// Takes a value, quoted or not, off the front of `rest`.
std::string TakeValue(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    value = rest.substr(0, rest.find(','));
    rest.remove_prefix(value.size());
    return std::string(Trim(value));
  }
  size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
    value += rest[i];
  }
  rest.remove_prefix(i < rest.size() ? i + 1 : i);
  return value;
}

}  // namespace

std::string BearerChallenge::TokenUrl() const {
  std::string url =
      realm + (realm.find('?') == std::string::npos ? "?" : "&") + "service=" + Escape(service);
  if (!scope.empty()) url += "&scope=" + Escape(scope);
  return url;
}

std::optional<BearerChallenge> ParseBearerChallenge(std::string_view header) {
  std::string_view rest = Trim(header);
  if (ToLower(rest.substr(0, 7)) != "bearer ") return std::nullopt;
  rest.remove_prefix(7);
  BearerChallenge challenge;
  while (!rest.empty()) {
    const size_t equals = rest.find('=');
    if (equals == std::string_view::npos) break;
    const std::string name = ToLower(Trim(rest.substr(0, equals)));
    rest.remove_prefix(equals + 1);
    const std::string value = TakeValue(rest);
    if (name == "realm") challenge.realm = value;
    if (name == "service") challenge.service = value;
    if (name == "scope") challenge.scope = value;
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(", \t")));
  }
  if (challenge.realm.empty()) return std::nullopt;
  return challenge;
}

}  // namespace slipway::oci
