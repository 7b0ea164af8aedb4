#include "libs/json/json.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::json {
namespace {

TEST_CASE("Parse names the place of a mistake") {
  CHECK(MessageOf(Parse("{\"a\": 1,\n  \"b\": tru}").status())
            .starts_with("not valid JSON at line 2, column"));
  for (const char* bad :
       {"", " ", "{", "[1,]", "{\"a\":1}}", "1 2", "nan", "'a'", "\"\xff\"", "// c\n1"}) {
    INFO(bad);
    CHECK(Parse(bad).status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(Parse(" {} \n").ok());
}

TEST_CASE("Parse refuses depth and size beyond the limits") {
  CHECK(Parse(std::string(32, '[') + std::string(32, ']')).ok());
  CHECK_FALSE(Parse(std::string(33, '[') + std::string(33, ']')).ok());
  CHECK_FALSE(Parse(std::string(1'000'000, '[')).ok());
  CHECK_FALSE(Parse("[1,2,3,4]", {.max_bytes = 4}).ok());
}

TEST_CASE("Getters read by path and never fail on another type") {
  const auto value = *Parse(
      R"({"repository":{"full_name":"a/b","size":3,"private":true},"commits":[{"id":"x"},{"id":7}],"f":1.5})");
  CHECK(GetString(value, "repository.full_name") == "a/b");
  CHECK(GetString(value, "commits[0].id") == "x");
  CHECK(GetInt(value, "repository.size") == 3);
  CHECK(GetBool(value, "repository.private") == true);
  CHECK(GetArray(value, "commits")->size() == 2);
  CHECK(GetObject(value, "repository")->size() == 3);
  CHECK(Find(value, "") == &value);
  for (const char* path :
       {"commits[1].id", "commits[2].id", "commits[-1]", "commits[x]", "commits[0", "commits[",
        "commits.id", "repository.full_name.x", "nothing", "repository..size", "f"}) {
    INFO(path);
    CHECK_FALSE(GetString(value, path).has_value());
  }
  CHECK_FALSE(GetInt(value, "f").has_value());
}

TEST_CASE("Canonical text is equal for equal values whatever the order of keys") {
  const auto a = *Parse(R"({"b":[1,2,{"y":null,"x":"\u00e4\n"}],"a":true,"":0})");
  const auto b = *Parse(R"({ "" : 0, "a":true, "b":[1,2,{"x":"ä\n","y":null}]})");
  CHECK(Canonical(a) == Canonical(b));
  CHECK(Canonical(a) == "{\"\":0,\"a\":true,\"b\":[1,2,{\"x\":\"ä\\n\",\"y\":null}]}");
}

}  // namespace
}  // namespace slipway::json
