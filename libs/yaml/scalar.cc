#include "libs/yaml/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "libs/base/strings.h"

namespace slipway::yaml {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool AllDigits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), IsDigit);
}

template <typename T>
std::optional<T> ParseWhole(std::string_view digits, int base) {
  T value{};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return std::nullopt;
  return value;
}

std::optional<boost::json::value> Integer(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x")) base = 16;
  if (digits.starts_with("0o")) base = 8;
  if (base != 10) digits.remove_prefix(2);
  if (digits.empty() || digits.front() == '-' || digits.front() == '+') return std::nullopt;
  if (base == 10 && digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const std::string signed_digits = (negative ? "-" : "") + std::string(digits);
  if (const auto value = ParseWhole<int64_t>(signed_digits, base))
    return boost::json::value(*value);
  if (negative) return std::nullopt;
  if (const auto value = ParseWhole<uint64_t>(digits, base)) return boost::json::value(*value);
  return std::nullopt;
}

// [-+]? (digits [. digits?] | . digits) ([eE] [-+]? digits)?  with a point or an exponent, no
// leading zeros.
std::optional<boost::json::value> Float(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  const size_t exponent_at = rest.find_first_of("eE");
  const std::string_view mantissa = rest.substr(0, exponent_at);
  if (exponent_at != std::string_view::npos) {
    std::string_view exponent = rest.substr(exponent_at + 1);
    if (exponent.starts_with('-') || exponent.starts_with('+')) exponent.remove_prefix(1);
    if (!AllDigits(exponent)) return std::nullopt;
  }
  const size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? "" : mantissa.substr(point + 1);
  if (point == std::string_view::npos && exponent_at == std::string_view::npos) return std::nullopt;
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (!whole.empty() && !AllDigits(whole)) return std::nullopt;
  if (!fraction.empty() && !AllDigits(fraction)) return std::nullopt;
  if (whole.size() > 1 && whole.front() == '0') return std::nullopt;
  double value = 0;
  const std::string_view number = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(value))
    return std::nullopt;
  return boost::json::value(value);
}

}  // namespace

boost::json::value ResolveScalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const char c = text.front(); IsDigit(c) || c == '-' || c == '+' || c == '.') {
    if (auto integer = Integer(text)) return *integer;
    if (auto number = Float(text)) return *number;
  }
  return boost::json::value(boost::json::string_view(text.data(), text.size()));
}

bool LooksLikeNoString(std::string_view text) {
  if (!ResolveScalar(text).is_string()) return true;
  static constexpr std::string_view kWords[] = {"y",   "n",    "yes",   "no",    "on",
                                                "off", "true", "false", "null",  "=",
                                                "<<",  ".inf", "-.inf", "+.inf", ".nan"};
  const std::string lower = ToLower(text);
  if (std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords)) return true;
  // Octal, binary, grouped and sexagesimal numbers, dates and times: all that starts like a number
  // and goes on so.
  const size_t start = text.find_first_not_of("+-.");
  return start != std::string_view::npos && IsDigit(text[start]) &&
         text.find_first_not_of("0123456789_.:+-TtZz abcdefABCDEFxo") == std::string_view::npos;
}

}  // namespace slipway::yaml
