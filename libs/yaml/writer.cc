#include "libs/yaml/writer.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "libs/base/strings.h"
#include "libs/yaml/scalar.h"

namespace slipway::yaml {
namespace {

namespace bj = boost::json;

std::string_view ViewOf(const bj::string& s) { return {s.data(), s.size()}; }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Bytes that stand for themselves in a plain or literal scalar of every reader. U+0085, U+2028,
// U+2029 and the byte order mark are line breaks or nothing to some; the rest of UTF-8 is fine.
bool IsPrintable(std::string_view text, bool allow_breaks) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text[i]) && !(allow_breaks && (text[i] == '\n' || text[i] == '\t'))) return false;
    for (const std::string_view odd :
         {"\xc2\x85", "\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"}) {
      if (text.substr(i).starts_with(odd)) return false;
    }
    // C1 control characters.
    if (text[i] == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0)
      return false;
  }
  return true;
}

bool IsPlain(std::string_view text) {
  if (text.empty() || LooksLikeNoString(text) || !IsPrintable(text, false)) return false;
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return false;
  if (std::string_view("!&*|>%@`\"'#{}[],?-:=~").find(text.front()) != std::string_view::npos) {
    // "-x", "?x" and ":x" are plain; the indicator alone or before a space is not.
    if (std::string_view("-?:").find(text.front()) == std::string_view::npos) return false;
    if (text.size() == 1 || text[1] == ' ' || text.starts_with("---")) return false;
  }
  return text.find(": ") == std::string_view::npos && text.find(" #") == std::string_view::npos &&
         !text.starts_with("...");
}

// JSON's double quotes are YAML's, but for the characters that YAML does not take as they are.
std::string Quoted(std::string_view text) {
  std::string out;
  const std::string json = bj::serialize(bj::string_view(text.data(), text.size()));
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    if (rest.starts_with("\\/")) {
      out += '/';
      ++i;
    } else if (json[i] == '\\') {  // the escape and what it escapes
      out += json.substr(i, 2);
      ++i;
    } else if (json[i] == 0x7f) {
      out += "\\x7f";
    } else if (json[i] == '\xc2' && static_cast<unsigned char>(json[i + 1]) <= 0xa0) {
      static constexpr char kHex[] = "0123456789abcdef";
      const auto low = static_cast<unsigned char>(json[++i]);
      out += {'\\', 'x', kHex[low >> 4], kHex[low & 15]};
    } else if (rest.starts_with("\xe2\x80\xa8") || rest.starts_with("\xe2\x80\xa9")) {
      out += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (rest.starts_with("\xef\xbb\xbf")) {
      out += "\\ufeff";
      i += 2;
    } else {
      out += json[i];
    }
  }
  return out;
}

bool IsLiteral(std::string_view text) {
  // A first line that is empty or starts with a space would need an indentation indicator.
  return text.find('\n') != std::string_view::npos && text.front() != ' ' && text.front() != '\n' &&
         text.front() != '\t' && IsPrintable(text, true);
}

class Writer {
 public:
  std::string Take() && { return std::move(out_); }

  // After "key:" or "-" at `indent`: on the same line what fits there, else below it.
  void WriteValue(const bj::value& value, size_t indent, bool in_sequence) {
    if (const bj::object* object = value.if_object(); object != nullptr && !object->empty()) {
      if (in_sequence) {
        out_ += ' ';
        WriteEntries(*object, indent + 2, /*first_on_this_line=*/true);
      } else {
        out_ += '\n';
        WriteEntries(*object, indent + 2, false);
      }
    } else if (const bj::array* array = value.if_array(); array != nullptr && !array->empty()) {
      if (in_sequence) {
        out_ += ' ';
        WriteItems(*array, indent + 2, true);
      } else {
        out_ += '\n';
        WriteItems(*array, indent, false);
      }
    } else {
      out_ += ' ';
      WriteLeaf(value, indent);
    }
  }

  void WriteEntries(const bj::object& object, size_t indent, bool first_on_this_line) {
    for (const auto& entry : object) {
      if (!first_on_this_line) out_.append(indent, ' ');
      first_on_this_line = false;
      const std::string_view key(entry.key().data(), entry.key().size());
      out_ += IsPlain(key) ? std::string(key) : Quoted(key);
      out_ += ':';
      WriteValue(entry.value(), indent, false);
    }
  }

  void WriteItems(const bj::array& array, size_t indent, bool first_on_this_line) {
    for (const bj::value& item : array) {
      if (!first_on_this_line) out_.append(indent, ' ');
      first_on_this_line = false;
      out_ += '-';
      WriteValue(item, indent, true);
    }
  }

  // A scalar or something empty, with its line end.
  void WriteLeaf(const bj::value& value, size_t indent) {
    if (const bj::string* string = value.if_string()) {
      const std::string_view text = ViewOf(*string);
      if (IsLiteral(text)) {
        WriteLiteral(text, indent + 2);
        return;
      }
      out_ += IsPlain(text) ? std::string(text) : Quoted(text);
    } else if (value.is_double()) {
      char buffer[40];
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, value.get_double()).ptr;
      const std::string_view number(buffer, static_cast<size_t>(end - buffer));
      out_ += number;
      if (number.find_first_of(".e") == std::string_view::npos) out_ += ".0";
    } else {
      out_ += bj::serialize(value);
    }
    out_ += '\n';
  }

 private:
  void WriteLiteral(std::string_view text, size_t indent) {
    const bool ends_with_break = text.back() == '\n';
    if (!ends_with_break) {
      out_ += "|-\n";
    } else {
      out_ += text.ends_with("\n\n") ? "|+\n" : "|\n";
      text.remove_suffix(1);
    }
    for (const std::string& line : Split(text, '\n')) {
      if (!line.empty()) out_.append(indent, ' ');
      out_ += line;
      out_ += '\n';
    }
  }

  std::string out_;
};

}  // namespace

std::string Write(const bj::value& value) {
  Writer writer;
  if (value.is_object() && !value.get_object().empty()) {
    writer.WriteEntries(value.get_object(), 0, false);
  } else if (value.is_array() && !value.get_array().empty()) {
    writer.WriteItems(value.get_array(), 0, false);
  } else {
    writer.WriteLeaf(value, 0);
  }
  return std::move(writer).Take();
}

}  // namespace slipway::yaml
