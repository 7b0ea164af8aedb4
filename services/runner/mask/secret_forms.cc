#include "services/runner/mask/secret_forms.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>

#include "libs/base/encoding.h"
#include "libs/base/strings.h"

namespace slipway::runner {
namespace {

constexpr std::array<size_t, 2> kBase64LineLengths = {76, 64};  // coreutils and MIME; PEM

void Add(std::set<std::string>& out, std::string text) {
  if (text.size() >= kShortestMasked) out.insert(std::move(text));
}

void AddBothAlphabets(std::set<std::string>& out, std::string text) {
  std::string url = text;
  std::replace(url.begin(), url.end(), '+', '-');
  std::replace(url.begin(), url.end(), '/', '_');
  Add(out, std::move(text));
  Add(out, std::move(url));
}

// The characters that depend on nothing but `value`, for `value` at byte 0, 1 or 2 of a group of
// three; and the exact encoding of the value alone, whole and in lines.
void AddBase64(std::set<std::string>& out, std::string_view value) {
  for (size_t before = 0; before < 3; ++before) {
    const std::string encoded = Base64Encode(std::string(before, '\0') + std::string(value));
    const size_t first = (before * 8 + 5) / 6;
    const size_t end = (before + value.size()) * 8 / 6;
    if (end > first) AddBothAlphabets(out, encoded.substr(first, end - first));
  }
  const std::string exact = Base64Encode(value);
  AddBothAlphabets(out, exact);
  for (const size_t length : kBase64LineLengths) {
    if (exact.size() <= length) continue;
    for (size_t at = 0; at < exact.size(); at += length)
      AddBothAlphabets(out, exact.substr(at, length));
  }
}

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string PercentEncode(std::string_view value, std::string_view kept, const char* digits,
                          bool plus_for_space) {
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ' && plus_for_space) {
      out += '+';
    } else if (IsAlnum(c) || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

// RFC 3986 unreserved; with '/', as Python's quote; JavaScript's encodeURIComponent and encodeURI.
void AddPercentEncoded(std::set<std::string>& out, std::string_view value) {
  for (const std::string_view kept : {"-_.~", "-_.~/", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#"}) {
    for (const char* digits : {"0123456789ABCDEF", "0123456789abcdef"}) {
      for (const bool plus : {false, true}) Add(out, PercentEncode(value, kept, digits, plus));
    }
  }
}

struct JsonStyle {
  bool ascii_only;      // Python's json.dumps
  bool escapes_slash;   // PHP's json_encode
  bool escapes_markup;  // Go's encoding/json
};

void AppendUnicodeEscape(std::string& out, uint32_t unit) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[(unit >> shift) & 15];
}

// Decodes the character at `at` (valid UTF-8) and moves `at` behind it.
uint32_t NextCharacter(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t character = lead & (0x3fU >> more);
  for (int i = 0; i < more && at < text.size(); ++i) {
    character = (character << 6) | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  }
  return character;
}

std::string JsonEscape(std::string_view text, JsonStyle style) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const size_t start = at;
      const uint32_t character = NextCharacter(text, at);
      if (!style.ascii_only) {
        out += text.substr(start, at - start);
      } else if (character >= 0x10000) {
        AppendUnicodeEscape(out, 0xd800 + ((character - 0x10000) >> 10));
        AppendUnicodeEscape(out, 0xdc00 + ((character - 0x10000) & 0x3ff));
      } else {
        AppendUnicodeEscape(out, character);
      }
      continue;
    }
    ++at;
    constexpr std::string_view kNamed = "\"\\\b\f\n\r\t";
    constexpr std::string_view kNames = "\"\\bfnrt";
    if (const size_t named = kNamed.find(c); named != std::string_view::npos) {
      out += '\\';
      out += kNames[named];
    } else if (c == '/' && style.escapes_slash) {
      out += "\\/";
    } else if (byte < 0x20 || (style.escapes_markup && (c == '<' || c == '>' || c == '&'))) {
      AppendUnicodeEscape(out, byte);
    } else {
      out += c;
    }
  }
  return out;
}

void AddJsonEscaped(std::set<std::string>& out, std::string_view value) {
  const std::string text = ToValidUtf8(value);
  for (const bool ascii_only : {false, true}) {
    Add(out, JsonEscape(text, {ascii_only, false, false}));
    Add(out, JsonEscape(text, {ascii_only, true, false}));
    Add(out, JsonEscape(text, {ascii_only, false, true}));
  }
}

}  // namespace

std::vector<std::string> SecretForms(std::string_view secret) {
  std::set<std::string> values;
  Add(values, std::string(secret));
  Add(values, std::string(Trim(secret)));
  for (const std::string& line : Split(secret, '\n')) Add(values, std::string(Trim(line)));

  std::set<std::string> forms = values;
  for (const std::string& value : values) {
    AddBase64(forms, value);
    AddPercentEncoded(forms, value);
    AddJsonEscaped(forms, value);
  }
  return {forms.begin(), forms.end()};
}

}  // namespace slipway::runner
