#include "services/gitops/domain/shares.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

TEST_CASE("shares of clusters are equal but for one, add up, and leave most where they are") {
  struct Row {
    std::map<std::string, int> held;
    int clusters;
    std::map<std::string, int> shares;
  };
  const Row rows[] = {
      {{{"a", 0}}, 5, {{"a", 5}}},
      {{{"a", 2}, {"b", 0}}, 2, {{"a", 1}, {"b", 1}}},
      {{{"a", 1}, {"b", 0}}, 1, {{"a", 1}, {"b", 0}}},
      {{{"a", 0}, {"b", 1}}, 1, {{"a", 0}, {"b", 1}}},
      {{{"a", 0}, {"b", 3}}, 3, {{"a", 1}, {"b", 2}}},
      {{{"a", 2}, {"b", 2}, {"c", 0}}, 4, {{"a", 2}, {"b", 1}, {"c", 1}}},
      {{{"a", 0}, {"b", 0}, {"c", 0}}, 2, {{"a", 1}, {"b", 1}, {"c", 0}}},
      // Those of one that is gone are free.
      {{{"b", 2}, {"c", 1}}, 5, {{"b", 3}, {"c", 2}}},
      {{{"a", 0}, {"b", 0}}, 0, {{"a", 0}, {"b", 0}}},
  };
  for (const Row& row : rows) {
    int sum = 0;
    for (const auto& [replica, share] : row.shares) {
      CHECK(ShareOf(row.held, row.clusters, replica) == share);
      sum += share;
    }
    CHECK(sum == row.clusters);
  }
}

}  // namespace
}  // namespace slipway::gitops
