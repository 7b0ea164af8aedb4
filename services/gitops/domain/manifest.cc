#include "services/gitops/domain/manifest.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "libs/base/encoding.h"
#include "libs/base/strings.h"

namespace slipway::gitops {

std::string QuotedYaml(std::string_view text) {
  static constexpr std::pair<std::string_view, std::string_view> kMore[] = {
      {"\x7f", "\\x7F"},
      {"\xe2\x80\xa8", "\\u2028"},
      {"\xe2\x80\xa9", "\\u2029"},
      {"\xef\xbb\xbf", "\\uFEFF"}};
  const std::string json = boost::json::serialize(boost::json::string(ToValidUtf8(text)));
  std::string yaml;
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i);
    const auto* more = std::find_if(std::begin(kMore), std::end(kMore), [&](const auto& entry) {
      return rest.substr(0, entry.first.size()) == entry.first;
    });
    if (more != std::end(kMore)) {
      yaml.append(more->second);
      i += more->first.size() - 1;
    } else if (rest.size() > 1 && rest[0] == '\xc2' && static_cast<unsigned char>(rest[1]) < 0xa0) {
      yaml.append("\\x").append(HexEncode(rest.substr(1, 1)));
      ++i;
    } else {
      yaml.push_back(rest[0]);
    }
  }
  return yaml;
}

}  // namespace slipway::gitops
