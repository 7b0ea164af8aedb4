#include "services/gitops/source/chart.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"

namespace slipway::gitops {
namespace {

const std::string kDigest =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kImage = "registry:5000/demo/hello@" + kDigest;

std::string Values(const std::string& own, const std::map<std::string, std::string>& set,
                   const std::string& key = "", const std::string& image = kImage) {
  const auto values = MakeValues(*ParseChartFile("values.yaml", own), set, key, image);
  INFO(values.status());
  REQUIRE(values.ok());
  return boost::json::serialize(*values);
}

TEST_CASE("The image takes the form that the chart's own values have") {
  CHECK(Values("image: {repository: nginx, tag: '1', pullPolicy: Always}", {}) ==
        R"({"image":{"repository":"registry:5000/demo/hello","tag":"0123456789ab@)" + kDigest +
            R"("}})");
  CHECK(Values("image: {registry: docker.io, repository: nginx, tag: '1', digest: ''}", {}) ==
        R"({"image":{"registry":"registry:5000","repository":"demo/hello","digest":")" + kDigest +
            R"("}})");
  CHECK(Values("image: nginx:1", {}) == R"({"image":")" + kImage + R"("})");
  CHECK(Values("", {}) == R"({"image":")" + kImage + R"("})");
  CHECK(Values("web: {image: {name: nginx, tag: x}}", {}, "web.image") ==
        R"({"web":{"image":{"name":"registry:5000/demo/hello","tag":"0123456789ab@)" + kDigest +
            R"("}}})");
}

TEST_CASE("Values are set by path, with their types") {
  CHECK(Values("", {{"replicas", "3"}, {"on", "true"}, {"a.b", "x"}, {"a.c", "\"8080\""}}, "",
               "") == R"({"a":{"b":"x","c":"8080"},"on":true,"replicas":3})");
  CHECK(Values("", {{"nodeSelector.kubernetes\\.io/os", "linux"}, {"list", "[a, 1]"}}, "", "") ==
        R"({"list":["a",1],"nodeSelector":{"kubernetes.io/os":"linux"}})");
  CHECK(Values("", {{"empty", ""}, {"lines", "a: 1\nb: 2"}, {"odd", "{unclosed"}}, "", "") ==
        R"({"empty":"","lines":"a: 1\nb: 2","odd":"{unclosed"})");
  CHECK(Values("image: {repository: x, tag: y}", {{"image.pullPolicy", "Always"}}) ==
        R"({"image":{"pullPolicy":"Always","repository":"registry:5000/demo/hello",)"
        R"("tag":"0123456789ab@)" +
            kDigest + R"("}})");
  CHECK_FALSE(MakeValues({}, {{"a", "1"}, {"a.b", "2"}}, "", "").ok());
}

TEST_CASE("Values are laid over each other key by key") {
  auto base = *ParseChartFile("a", "{a: {b: 1, c: 2}, d: [1]}");
  MergeValues(*ParseChartFile("b", "{a: {b: 3}, d: [2], e: x}"), base);
  CHECK(boost::json::serialize(base) == R"({"a":{"b":3,"c":2},"d":[2],"e":"x"})");
}

TEST_CASE("Dependencies are read, and a chart file that is no mapping is refused") {
  const auto found = DependenciesOf(
      *ParseChartFile("Chart.yaml", "dependencies: [{name: redis, repository: https://x}]"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].name == "redis");
  CHECK(found[0].repository == "https://x");
  CHECK_FALSE(ParseChartFile("Chart.yaml", "[a]").ok());
}

}  // namespace
}  // namespace slipway::gitops
