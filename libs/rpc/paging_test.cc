#include "libs/rpc/paging.h"

#include <catch2/catch.hpp>

#include "libs/base/encoding.h"
#include "libs/base/error.h"

namespace slipway::rpc {
namespace {

std::string ReasonOf(const absl::Status& status) { return DetailsOf(status).reason; }

TEST_CASE("a page has its standard size, no more than the most, and never less than nothing") {
  CHECK(*PageSize(0, 50, 500) == 50);
  CHECK(*PageSize(7, 50, 500) == 7);
  CHECK(*PageSize(2'147'483'647, 50, 500) == 500);
  CHECK(PageSize(-1, 50, 500).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("a page token leads on in its own list only") {
  const std::string token = PageToken("runs of hello", "run 7");
  CHECK(*ReadPageToken("runs of hello", token) == "run 7");
  CHECK(ReadPageToken("runs of hello", "")->empty());
  CHECK(ReasonOf(ReadPageToken("runs of other", token).status()) == "PAGE_TOKEN");
}

TEST_CASE("a made-up page token is refused") {
  const std::string mark = Base64UrlDecode(PageToken("runs", "x"))->substr(0, 16);
  for (const std::string& text : {std::string("x"), mark, mark + std::string("a\0b", 3),
                                  mark + "\xff", mark + std::string(600, 'a')}) {
    CHECK(ReasonOf(ReadPageToken("runs", Base64UrlEncode(text)).status()) == "PAGE_TOKEN");
  }
  CHECK(ReasonOf(ReadPageToken("runs", "%%%").status()) == "PAGE_TOKEN");
}

TEST_CASE("a place of time and id survives the token") {
  const absl::Time time = absl::FromUnixMicros(1'767'225'600'123'456);
  const auto place = ReadTimePageToken("images", PageToken("images", TimePlace{time, "01J x"}));
  REQUIRE(place.ok());
  REQUIRE(place->has_value());
  CHECK((*place)->time == time);
  CHECK((*place)->id == "01J x");
  CHECK_FALSE(ReadTimePageToken("images", "")->has_value());
  for (const char* bad : {"12", "x 01J", " 01J"})
    CHECK(ReasonOf(ReadTimePageToken("images", PageToken("images", bad)).status()) == "PAGE_TOKEN");
}

}  // namespace
}  // namespace slipway::rpc
