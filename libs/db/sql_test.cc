#include "libs/db/sql.h"

#include <catch2/catch.hpp>
#include <limits>

namespace slipway::db {

TEST_CASE("parameters take PostgreSQL's text form") {
  CHECK(Param(42).text() == "42");
  CHECK(Param(uint64_t{18446744073709551615u}).text() == "18446744073709551615");
  CHECK(Param(true).text() == "true");
  CHECK(Param(0.1).text() == "0.1");
  CHECK(Param(std::numeric_limits<double>::infinity()).text() == "Infinity");
  CHECK(Param(Bytes{std::string_view("\x00\xff", 2)}).text() == "\\x00ff");
  CHECK(Param(absl::FromUnixMicros(1'700'000'000'123'456)).text() ==
        "2023-11-14 22:13:20.123456+00");
  CHECK(Param(absl::InfiniteFuture()).text() == "infinity");
  CHECK(Param(absl::Seconds(2)).text() == "2000000 microseconds");
  CHECK(Param(std::vector<int64_t>{1, -2}).text() == "{1,-2}");
  CHECK_FALSE(Param(std::nullopt).text().has_value());
  CHECK_FALSE(Param(std::optional<int>()).text().has_value());
  CHECK(Param(std::optional<std::string>("x")).text() == "x");
}

TEST_CASE("text arrays escape quotes and backslashes and keep empty elements") {
  CHECK(TextArray({}) == "{}");
  CHECK(TextArray({"", "a,b", "q\"\\", "NULL"}) == R"({"","a,b","q\"\\","NULL"})");
}

}  // namespace slipway::db
