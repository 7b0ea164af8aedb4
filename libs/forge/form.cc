#include "libs/forge/form.h"

#include "libs/base/encoding.h"

namespace slipway::forge {
namespace {

std::optional<std::string> Unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%') {
      const std::optional<std::string> byte = HexDecode(text.substr(i + 1, 2));
      if (!byte || byte->size() != 1) return std::nullopt;
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::optional<std::string> FormValue(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    const std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(pair.size() < form.size() ? pair.size() + 1 : form.size());
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || Unescape(pair.substr(0, equals)) != name) continue;
    return Unescape(pair.substr(equals + 1));
  }
  return std::nullopt;
}

}  // namespace slipway::forge
