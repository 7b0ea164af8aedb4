#include "services/gitops/source/render_cache.h"

#include <catch2/catch.hpp>
#include <latch>
#include <thread>

#include "services/gitops/source/errors.h"

namespace slipway::gitops {
namespace {

RenderedSource Text(const std::string& text) { return {.manifests = {{"a.yaml", text}}}; }

TEST_CASE("A result is made once for each key, and the least used ones go") {
  RenderCache cache(2000);
  int made = 0;
  const auto get = [&](const std::string& key) {
    return cache.GetOr(key, [&]() -> RenderCache::Result {
      ++made;
      return Text(key + std::string(400, 'x'));
    });
  };
  CHECK(get("a")->manifests[0].text[0] == 'a');
  get("a").IgnoreError();
  CHECK(made == 1);
  get("b").IgnoreError();
  get("a").IgnoreError();
  get("c").IgnoreError();  // b goes
  CHECK(made == 3);
  get("a").IgnoreError();
  CHECK(made == 3);
  get("b").IgnoreError();
  CHECK(made == 4);
}

TEST_CASE("Mistakes in the source are remembered, mishaps are not") {
  RenderCache cache(1 << 20);
  int made = 0;
  const auto get = [&](const std::string& key, const absl::Status& status) {
    return cache.GetOr(key, [&]() -> RenderCache::Result {
      ++made;
      return status;
    });
  };
  for (int i = 0; i < 2; ++i) CHECK_FALSE(get("a", SourceInvalid("x", "y")).ok());
  CHECK(made == 1);
  for (int i = 0; i < 2; ++i) CHECK_FALSE(get("b", RenderTimeout("helm", "1s")).ok());
  CHECK(made == 3);
}

TEST_CASE("Those who ask for the same key at once share one render") {
  RenderCache cache(1 << 20);
  std::atomic<int> made = 0, good = 0;
  std::latch all(8);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      all.arrive_and_wait();
      const auto result = cache.GetOr("k", [&]() -> RenderCache::Result {
        ++made;
        return Text("x");
      });
      if (result.ok()) ++good;
    });
  }
  threads.clear();
  CHECK(made == 1);
  CHECK(good == 8);
}

}  // namespace
}  // namespace slipway::gitops
