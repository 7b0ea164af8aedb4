#include "libs/process/bounded_text.h"

#include <catch2/catch.hpp>

namespace slipway::process {
namespace {

TEST_CASE("A bounded text keeps all of a short text") {
  BoundedText text(10);
  text.Append("hello");
  text.Append("world");
  CHECK(std::move(text).Take() == "helloworld");
}

TEST_CASE("A bounded text keeps head and tail of a long text and says what is missing") {
  for (const size_t chunk : {1u, 3u, 7u, 1000u}) {
    std::string all;
    for (int i = 0; i < 1000; ++i) all += static_cast<char>('a' + i % 26);
    BoundedText text(100);
    for (size_t at = 0; at < all.size(); at += chunk)
      text.Append(std::string_view(all).substr(at, chunk));
    CHECK(std::move(text).Take() ==
          all.substr(0, 50) + "\n... 900 bytes left out ...\n" + all.substr(950));
  }
}

}  // namespace
}  // namespace slipway::process
