#include "libs/yaml/writer.h"

#include <catch2/catch.hpp>

#include "libs/json/json.h"
#include "libs/yaml/parser.h"

namespace slipway::yaml {
namespace {

TEST_CASE("A resource is written as a person would write it") {
  const auto value = *json::Parse(
      R"({"apiVersion":"slipway/v1","kind":"App","metadata":{"name":"hello","labels":{}},
    "spec":{"repositories":[{"name":"source","url":"http://127.0.0.1:8481/demo/hello.git"}],"deploy":{"port":8080,"env":{"A":"1","B":"yes"},
    "ratio":0.5,"on":true},"none":null,"script":"make\nmake test\n","list":[[1,2],[],"x"]}})");
  CHECK(Write(value) == R"(apiVersion: slipway/v1
kind: App
metadata:
  name: hello
  labels: {}
spec:
  repositories:
  - name: source
    url: http://127.0.0.1:8481/demo/hello.git
  deploy:
    port: 8080
    env:
      A: "1"
      B: "yes"
    ratio: 0.5
    "on": true
  none: null
  script: |
    make
    make test
  list:
  - - 1
    - 2
  - []
  - x
)");
}

TEST_CASE("Every string comes back as it went in") {
  const std::vector<std::string> strings = {"",
                                            " ",
                                            "a",
                                            "a b",
                                            " a",
                                            "a ",
                                            "a: b",
                                            "a:",
                                            ":a",
                                            ": a",
                                            "a #b",
                                            "#a",
                                            "-",
                                            "- a",
                                            "-a",
                                            "--",
                                            "---",
                                            "--- a",
                                            "...",
                                            "?",
                                            "? a",
                                            "?a",
                                            "[a",
                                            "{a",
                                            "a]",
                                            "a,b",
                                            "&a",
                                            "*a",
                                            "!a",
                                            "|",
                                            ">",
                                            "%a",
                                            "@a",
                                            "`a",
                                            "'a'",
                                            "\"a\"",
                                            "it's",
                                            "~",
                                            "null",
                                            "true",
                                            "yes",
                                            "No",
                                            "ON",
                                            "y",
                                            "1",
                                            "-1",
                                            "1.5",
                                            "1e3",
                                            "012",
                                            "0x1f",
                                            "1_000",
                                            "12:30",
                                            "2026-01-02",
                                            "2026-01-02T03:04:05Z",
                                            ".5",
                                            "5.",
                                            ".inf",
                                            ".nan",
                                            "=",
                                            "<<",
                                            "deadbeef",
                                            "3e12345",
                                            "a\nb",
                                            "a\nb\n",
                                            "a\n\n",
                                            "a\n\nb\n\n\n",
                                            "\n",
                                            "\n\n",
                                            "\na",
                                            " a\nb",
                                            "a\n  b\n",
                                            "a\n b \n",
                                            "a \nb",
                                            "\ta\nb",
                                            "a\tb",
                                            "a\t\nb",
                                            "a\rb",
                                            "a\r\nb",
                                            "ünïcödé",
                                            "日本",
                                            "\xf0\x9f\x9a\xa2",
                                            "\x01",
                                            "a\x7f",
                                            "\xc2\x85",
                                            "\xc2\xa0",
                                            "a\xe2\x80\xa8"
                                            "b",
                                            "\xef\xbb\xbf"
                                            "a",
                                            "a\\b",
                                            "a/b",
                                            "a\\n",
                                            "\"",
                                            "\\",
                                            "a\n---\nb\n",
                                            "a\n...\n",
                                            "a\n# b\n",
                                            "# a\nb\n",
                                            "- a\n- b\n",
                                            "key: |\n  x\n",
                                            std::string(3, '\0'),
                                            "a\n\tb\n",
                                            "a\n \n",
                                            " \n",
                                            "x\n \n\n"};
  for (const std::string& string : strings) {
    for (const boost::json::value& value :
         {boost::json::value(string), boost::json::value({{"k", string}}),
          boost::json::value({{string, 1}}), boost::json::value(boost::json::array{string, "x"}),
          boost::json::value({{"k", boost::json::array{{{"m", string}, {"n", 1}}}}})}) {
      const std::string text = Write(value);
      INFO(boost::json::serialize(value) << "\n" << text);
      auto documents = Parse(text);
      INFO(documents.status());
      REQUIRE(documents.ok());
      REQUIRE(documents->size() == 1);
      CHECK(documents->front().ToJson() == value);
    }
  }
}

TEST_CASE("Numbers keep value and type") {
  for (const boost::json::value& number :
       {boost::json::value(0), boost::json::value(-5), boost::json::value(1.0),
        boost::json::value(1e300), boost::json::value(-0.25), boost::json::value(1.5e-7),
        boost::json::value(18446744073709551615u), boost::json::value(INT64_MIN)}) {
    const boost::json::value value = {{"n", number}};
    INFO(Write(value));
    CHECK(Parse(Write(value))->front().ToJson() == value);
  }
}

}  // namespace
}  // namespace slipway::yaml
