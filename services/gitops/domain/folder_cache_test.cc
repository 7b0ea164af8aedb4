#include "services/gitops/domain/folder_cache.h"

#include <catch2/catch.hpp>

namespace slipway::gitops {
namespace {

std::vector<Manifest> Files(char letter, size_t bytes) {
  return {{"a.yaml", std::string(bytes, letter)}};
}

TEST_CASE("what was not read for long makes room for what is read now") {
  FolderCache cache(10'000);
  for (const char letter : {'a', 'b', 'c', 'd'})
    cache.Put(std::string(1, letter), Files(letter, 2000));
  REQUIRE(cache.Find("a"));
  CHECK(cache.Find("a")->at(0).text == std::string(2000, 'a'));
  cache.Put("e", Files('e', 2000));
  CHECK(cache.Find("a"));
  CHECK_FALSE(cache.Find("b"));
  CHECK(cache.Find("e"));
}

TEST_CASE("what would push out most of the others is not kept") {
  FolderCache cache(10'000);
  cache.Put("a", Files('a', 100));
  cache.Put("big", Files('b', 5000));
  CHECK_FALSE(cache.Find("big"));
  CHECK(cache.Find("a"));
}

}  // namespace
}  // namespace slipway::gitops
