#include "services/gitops/domain/shares.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace slipway::gitops {

int ShareOf(const std::map<std::string, int>& held, int clusters, const std::string& me) {
  if (held.empty()) return clusters;
  std::vector<std::pair<int, std::string>> order;
  for (const auto& [replica, count] : held) order.emplace_back(-count, replica);
  std::sort(order.begin(), order.end());
  const int replicas = static_cast<int>(order.size());
  for (int i = 0; i < replicas; ++i) {
    if (order[i].second == me) return clusters / replicas + (i < clusters % replicas ? 1 : 0);
  }
  return 0;
}

}  // namespace slipway::gitops
