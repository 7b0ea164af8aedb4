#include "libs/yaml/parser.h"

#include <catch2/catch.hpp>

#include "absl/time/clock.h"
#include "libs/base/error.h"

namespace slipway::yaml {
namespace {

constexpr char kManifest[] = R"(apiVersion: slipway/v1
kind: Workflow
metadata: {project: demo, app: hello, name: main}
spec:
  source:
    build:
      from: {repository: source, branch: main, paths: {exclude: ["docs/**"]}}   # a comment
      preBuild:
      - {name: unit-test, shell: {script: make test}}
  deploymentPipelines:
  - {environment: dev, trigger: automatic}
  - environment: prod
    after: dv
---
kind: App
spec:
  text: |
    two
    lines
)";

boost::json::value Scalar(const std::string& text) {
  auto documents = Parse("v: " + text);
  INFO(documents.status());
  REQUIRE(documents.ok());
  return documents->front().ToJson().at("v");
}

std::string ProblemOf(const std::string& text) { return MessageOf(Parse(text).status()); }

TEST_CASE("A manifest of several documents becomes JSON") {
  auto documents = Parse(kManifest);
  REQUIRE(documents.ok());
  REQUIRE(documents->size() == 2);
  const auto json = (*documents)[0].ToJson();
  CHECK(json.at("metadata").at("name") == "main");
  CHECK(json.at_pointer("/spec/source/build/from/paths/exclude/0") == "docs/**");
  CHECK(json.at_pointer("/spec/deploymentPipelines/1/after") == "dv");
  CHECK((*documents)[1].ToJson().at_pointer("/spec/text") == "two\nlines\n");
}

TEST_CASE("A path leads to its line, or to that of the nearest parent") {
  auto documents = Parse(kManifest);
  REQUIRE(documents.ok());
  const Document& document = documents->front();
  CHECK(document.LineOf("spec.deploymentPipelines[1].after").line == 13);
  CHECK(document.LineOf("spec.deploymentPipelines[1].after").column == 5);
  CHECK(document.LineOf("spec.deploymentPipelines[0].environment").line == 11);
  CHECK(document.LineOf("spec.deploymentPipelines[1].strategy.rolling").line == 12);
  CHECK(document.LineOf("spec.deploymentPipelines[7].after").line == 10);
  CHECK(document.LineOf("spec.nothing").line == 4);
  CHECK(document.LineOf("").line == 1);
  for (const char* odd : {"[", "]", "..", "[x]", "a[", "spec.[1", "."})
    CHECK(document.LineOf(odd).line >= 1);
  CHECK((*documents)[1].LineOf("spec.text").line == 17);
}

TEST_CASE("Plain scalars are null, booleans and numbers only where nobody could mean a string") {
  for (const char* null : {"", "~", "null", "Null"}) CHECK(Scalar(null).is_null());
  CHECK(Scalar("true") == true);
  CHECK(Scalar("False") == false);
  CHECK(Scalar("0") == 0);
  CHECK(Scalar("-17") == -17);
  CHECK(Scalar("0x1F") == 31);
  CHECK(Scalar("0o17") == 15);
  CHECK(Scalar("9223372036854775807") == 9223372036854775807);
  CHECK(Scalar("18446744073709551615").is_uint64());
  CHECK(Scalar("1.5") == 1.5);
  CHECK(Scalar("-.5") == -.5);
  CHECK(Scalar("1e3") == 1000.0);
  for (const char* string :
       {"yes",   "no",     "on",         "off",   "y",   "012",
        "1_000", "12:30",  "2026-01-02", "1.2.3", "0x",  "0xg",
        "+-1",   "1e999",  ".inf",       "64Mi",  "30s", "36893488147419103232",
        "\"5\"", "'true'", "tRue",       "v1.0",  "..",  "1e",
        "e5"}) {
    INFO(string);
    CHECK(Scalar(string).is_string());
  }
}

TEST_CASE("A duplicate key is refused with both lines") {
  const absl::Status status = Parse("a: 1\nb:\n  x: 1\n  y: 2\n  x: 3\n").status();
  CHECK(MessageOf(status) == "line 5, column 3: duplicate key \"x\", already given in line 3");
  CHECK(DetailsOf(status).reason == "YAML_INVALID");
  CHECK(DetailsOf(status).metadata[0].second == "5");
}

TEST_CASE("What our manifests do without is refused by name") {
  CHECK(ProblemOf("a: &x 1").find("anchors") != std::string::npos);
  CHECK(ProblemOf("a: *x").find("aliases") != std::string::npos);
  CHECK(ProblemOf("<<: {a: 1}").find("merge keys") != std::string::npos);
  CHECK(ProblemOf("a: !!str 1").find("tags") != std::string::npos);
  CHECK(ProblemOf("a: !ruby/object x").find("tags") != std::string::npos);
  CHECK(ProblemOf("? [a, b]\n: 1").find("a key must be") != std::string::npos);
  CHECK(ProblemOf("? {a: b}\n: 1").find("a key must be") != std::string::npos);
}

TEST_CASE("Mistakes name line and column") {
  CHECK(ProblemOf("a: 1\n b: 2\n").starts_with("line 2, column"));
  CHECK(ProblemOf("a: [1, 2\nb: 3").starts_with("line 2, column"));
  CHECK(ProblemOf("a: \"x\n").starts_with("line "));
  CHECK(ProblemOf("a:\n\t- b\n").starts_with("line 2, column"));
  CHECK(ProblemOf("a: \xff\xfe\n").find("UTF-8") != std::string::npos);
  CHECK(ProblemOf(std::string("a: \0b", 5)).starts_with("line "));
  CHECK(ProblemOf("%YAML 3.0\n---\na: 1").starts_with("line 1"));
}

TEST_CASE("Empty documents are left out") {
  CHECK(Parse("")->empty());
  CHECK(Parse("# only a comment\n")->empty());
  CHECK(Parse("---\n---\na: 1\n---\n")->size() == 1);
}

TEST_CASE("Bombs end in a named error within a moment") {
  const absl::Time start = absl::Now();
  CHECK(ProblemOf("a: " + std::string(5'000'000, 'x')).find("bytes") != std::string::npos);
  CHECK(ProblemOf(std::string(10'000, '[')).find("nested deeper") != std::string::npos);
  CHECK(ProblemOf(std::string(10'000, '{')).find("a key must be") != std::string::npos);
  std::string flow, deep, keys, items = "[";
  for (int i = 0; i < 10'000; ++i) flow += "{a: ";
  CHECK(ProblemOf(flow).find("nested deeper") != std::string::npos);
  for (int i = 0; i < 100; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  CHECK(ProblemOf(deep).find("nested deeper") != std::string::npos);
  for (int i = 0; i < 120'000; ++i) keys += "k" + std::to_string(i) + ":\n";
  CHECK(ProblemOf(keys).find("values") != std::string::npos);
  for (int i = 0; i < 300'000; ++i) items += "1,";
  CHECK(ProblemOf(items + "]").find("values") != std::string::npos);
  CHECK(ProblemOf("a: &a [x]\nb: &b [*a,*a,*a,*a,*a]\nc: [*b,*b,*b]").find("anchors") !=
        std::string::npos);
  CHECK(absl::Now() - start < absl::Seconds(2));
}

}  // namespace
}  // namespace slipway::yaml
