#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "libs/yaml/parser.h"

namespace slipway::yaml {
namespace {

const Policy kPolicy = {.max_nodes = 1000, .aliases = true, .core_tags = true};

boost::json::value Read(const std::string& text) {
  auto documents = Parse(text, kPolicy);
  INFO(text << ": " << documents.status());
  REQUIRE(documents.ok());
  REQUIRE(documents->size() == 1);
  return documents->front().ToJson(Scalars::kKubernetes);
}

std::string ProblemOf(const std::string& text) { return MessageOf(Parse(text, kPolicy).status()); }

TEST_CASE("Plain scalars of Kubernetes manifests are read as kubectl reads them") {
  const std::pair<const char*, const char*> kCases[] = {
      {"yes", "true"},
      {"y", "true"},
      {"On", "true"},
      {"off", "false"},
      {"NO", "false"},
      {"yEs", "\"yEs\""},
      {"~", "null"},
      {"", "null"},
      {"0755", "493"},
      {"0o755", "493"},
      {"0b101", "5"},
      {"0x1F", "31"},
      {"-0x1F", "-31"},
      {"08", "8"},
      {"1_000", "1000"},
      {"+12", "12"},
      {"12:30", "\"12:30\""},
      {"2026-03-01", "\"2026-03-01\""},
      {"1.0", "1"},
      {"1e3", "1000"},
      {".5", "5E-1"},
      {".inf", "\".inf\""},
      {"1.2.3", "\"1.2.3\""},
      {"\"yes\"", "\"yes\""},
      {"'012'", "\"012\""},
      {"!!str 12", "\"12\""},
      {"!!int \"12\"", "12"},
      {"9007199254740993", "9007199254740993"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"0x", "\"0x\""},
      {"1m", "\"1m\""}};
  for (const auto& [text, json] : kCases) {
    INFO(text);
    CHECK(boost::json::serialize(Read("v: " + std::string(text)).at("v")) == json);
  }
}

TEST_CASE("Plain keys of Kubernetes manifests are read like values") {
  CHECK(Read("on: 1").as_object().contains("true"));
  CHECK(Read("0x10: 1").as_object().contains("16"));
  CHECK(Read("1.10: 1").as_object().contains("1.1"));
  CHECK(Read("\"on\": 1").as_object().contains("on"));
}

TEST_CASE("Aliases and merge keys stand for what their anchors say") {
  CHECK(Read("a: &x {b: 1}\nc: *x").at("c").at("b") == 1);
  const auto merged = Read("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9");
  CHECK(merged.at("z") == boost::json::parse(R"({"a":9,"b":2,"c":4})"));
  CHECK_THAT(ProblemOf("a: *x"), Catch::Contains("stands for nothing"));
  CHECK_THAT(ProblemOf("a: &x {b: *x}"), Catch::Contains("stands for nothing"));
  CHECK_THAT(ProblemOf("a: &x 1\n---\nb: *x"), Catch::Contains("stands for nothing"));
  CHECK_THAT(ProblemOf("a: {<<: 5}"), Catch::Contains("takes mappings only"));
  CHECK_THAT(ProblemOf("a: !!binary aGk="), Catch::Contains("is not supported"));
  CHECK_THAT(ProblemOf("a: 1\na: 2"), Catch::Contains("duplicate key"));
}

TEST_CASE("A bomb of aliases ends at the budget of values") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string name = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int n = 0; n < 10; ++n) bomb += name + ", ";
    bomb += "]\n";
  }
  CHECK_THAT(ProblemOf(bomb), Catch::Contains("more than 1000 values"));
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i) {
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            "]\n";
  }
  CHECK(Parse(deep, {.max_nodes = 1'000'000, .aliases = true}).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace slipway::yaml
