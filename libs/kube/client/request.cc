#include "libs/kube/client/request.h"

#include "libs/http/url.h"

namespace slipway::kube {

std::string EncodeQuery(const std::vector<std::pair<std::string, std::string>>& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (!out.empty()) out += '&';
    out += http::PercentEncode(name) + '=' + http::PercentEncode(value);
  }
  return out;
}

}  // namespace slipway::kube
