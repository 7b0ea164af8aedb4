#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "libs/yaml/scalar.h"

// The rules are those of yaml.v2's resolve.go as sigs.k8s.io/yaml carries it, and of the detour
// through encoding/json after it.
namespace slipway::yaml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<boost::json::value> Word(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return boost::json::value(nullptr);
  }
  for (const std::string_view word :
       {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}) {
    if (text == word) return boost::json::value(true);
  }
  for (const std::string_view word :
       {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}) {
    if (text == word) return boost::json::value(false);
  }
  return std::nullopt;
}

// 12, -12, 0x1F, 0o17, 017, 0b11 in 64 bits.
std::optional<boost::json::value> Integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char mark = static_cast<char>(text[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 8;
    text.remove_prefix(IsDigit(text[1]) ? 1 : 2);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  if (!negative) {
    return value <= kMax ? boost::json::value(static_cast<int64_t>(value))
                         : boost::json::value(value);
  }
  if (value > kMax + 1) return std::nullopt;
  return boost::json::value(static_cast<int64_t>(~value + 1));
}

// [-+]? (. digits | digits [. digits?]) ([eE] [-+]? digits)?, also with leading zeros.
std::optional<boost::json::value> Float(std::string_view text) {
  std::string_view number = text;
  if (number.starts_with('-') || number.starts_with('+')) number.remove_prefix(1);
  if (number.empty() || (!IsDigit(number[0]) && number[0] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (text.starts_with('-')) value = -value;
  if (value == std::floor(value) && std::abs(value) < 9.2e18) {
    return boost::json::value(static_cast<int64_t>(value));
  }
  return boost::json::value(value);
}

}  // namespace

boost::json::value ResolveKubernetesScalar(std::string_view text) {
  if (auto word = Word(text)) return *word;
  if (const char c = text.front(); IsDigit(c) || c == '-' || c == '+' || c == '.') {
    std::string plain;
    for (const char each : text) {
      if (each != '_' || c == '.') plain += each;
    }
    if (auto integer = Integer(plain)) return *integer;
    if (auto number = Float(plain)) return *number;
  }
  return boost::json::value(boost::json::string_view(text.data(), text.size()));
}

std::string KeyText(std::string_view key, Scalars scalars) {
  if (scalars == Scalars::kStrict) return std::string(key);
  const boost::json::value value = ResolveKubernetesScalar(key);
  if (value.is_string() || value.is_null()) return std::string(key);
  if (value.is_double()) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof(text), value.get_double()).ptr;
    return std::string(text, end);
  }
  return boost::json::serialize(value);
}

}  // namespace slipway::yaml
