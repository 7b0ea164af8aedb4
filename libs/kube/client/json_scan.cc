#include "libs/kube/client/json_scan.h"

#include <boost/json.hpp>
#include <cstring>

namespace slipway::kube::scan {
namespace {

constexpr int kMaxDepth = 200;

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  void Space() {
    while (at_ < end_ && IsSpace(*at_)) ++at_;
  }
  bool Take(char c) {
    Space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  // Past one string; its text without quotes.
  bool String(std::string_view* text) {
    if (!Take('"')) return false;
    const char* begin = at_;
    if (!SkipStringRest()) return false;
    *text = {begin, static_cast<size_t>(at_ - begin - 1)};
    return true;
  }

  // Past one value of any type; its whole text.
  bool Value(std::string_view* text) {
    Space();
    const char* begin = at_;
    if (!SkipValue()) return false;
    *text = {begin, static_cast<size_t>(at_ - begin)};
    return true;
  }

 private:
  bool SkipStringRest() {
    while (at_ < end_) {
      const char* quote = static_cast<const char*>(std::memchr(at_, '"', end_ - at_));
      if (quote == nullptr) return false;
      const char* backslash = static_cast<const char*>(std::memchr(at_, '\\', quote - at_));
      if (backslash == nullptr) {
        at_ = quote + 1;
        return true;
      }
      if (end_ - backslash < 2) return false;
      at_ = backslash + 2;
    }
    return false;
  }

  bool SkipScalar() {
    const char* begin = at_;
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !IsSpace(*at_)) ++at_;
    return at_ > begin;
  }

  bool SkipValue() {
    if (at_ == end_) return false;
    if (*at_ == '"') {
      ++at_;
      return SkipStringRest();
    }
    if (*at_ != '{' && *at_ != '[') return SkipScalar();
    char open[kMaxDepth];
    int depth = 0;
    do {
      switch (*at_) {
        case '{':
        case '[':
          if (depth == kMaxDepth) return false;
          open[depth++] = *at_++;
          break;
        case '}':
        case ']':
          if (open[--depth] != (*at_ == '}' ? '{' : '[')) return false;
          ++at_;
          break;
        case '"':
          ++at_;
          if (!SkipStringRest()) return false;
          break;
        default:
          ++at_;
      }
      if (depth == 0) return true;
    } while (at_ < end_);
    return false;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

bool Fields(std::string_view text,
            absl::FunctionRef<bool(std::string_view name, std::string_view value)> field) {
  Cursor cursor(text);
  if (!cursor.Take('{')) return false;
  if (cursor.Take('}')) return true;
  do {
    std::string_view name, value;
    if (!cursor.String(&name) || !cursor.Take(':') || !cursor.Value(&value)) return false;
    if (!field(name, value)) return true;
  } while (cursor.Take(','));
  return cursor.Take('}');
}

bool Items(std::string_view text, absl::FunctionRef<bool(std::string_view value)> item) {
  Cursor cursor(text);
  if (!cursor.Take('[')) return false;
  if (cursor.Take(']')) return true;
  do {
    std::string_view value;
    if (!cursor.Value(&value)) return false;
    if (!item(value)) return true;
  } while (cursor.Take(','));
  return cursor.Take(']');
}

std::string_view Field(std::string_view text, std::string_view name) {
  std::string_view found;
  Fields(text, [&](std::string_view key, std::string_view value) {
    if (key != name) return true;
    found = value;
    return false;
  });
  return found;
}

std::string_view PlainString(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  const std::string_view inner = value.substr(1, value.size() - 2);
  return inner.find('\\') == std::string_view::npos ? inner : std::string_view{};
}

std::string String(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return {};
  if (const std::string_view plain = PlainString(value); !plain.empty()) return std::string(plain);
  boost::json::error_code error;
  const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(value.data(), value.size()), error);
  if (error || !parsed.is_string()) return {};
  return {parsed.get_string().data(), parsed.get_string().size()};
}

}  // namespace slipway::kube::scan
