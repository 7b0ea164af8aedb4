#include "services/gateway/openapi/openapi.h"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "libs/json/json.h"
#include "services/gateway/transcode/embedded_contract.h"

namespace slipway::gateway {
namespace {

namespace bj = boost::json;

bj::value Document() {
  const auto contract = Contract::Load(EmbeddedDescriptorSet(), true);
  REQUIRE(contract.ok());
  auto document =
      json::Parse(OpenApiJson(**contract, "1.2.3"), {.max_bytes = 16 << 20, .max_depth = 64});
  REQUIRE(document.ok());
  return *std::move(document);
}

void ForEach(const bj::value& value, const std::function<void(const bj::object&)>& visit) {
  if (const auto* object = value.if_object()) {
    visit(*object);
    for (const auto& [key, item] : *object) ForEach(item, visit);
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array) ForEach(item, visit);
  }
}

}  // namespace

TEST_CASE("the document describes paths, parameters, bodies and answers") {
  const bj::value document = Document();
  CHECK(json::GetString(document, "openapi") == "3.0.3");
  CHECK(json::GetString(document, "info.version") == "1.2.3");
  const bj::object& paths = document.at("paths").as_object();
  const bj::object& app = paths.at("/v1/projects/{project}/apps/{app}").as_object();
  CHECK(app.contains("get"));
  CHECK(app.contains("patch"));
  CHECK(app.contains("delete"));
  const bj::object& get = app.at("get").as_object();
  CHECK(get.at("parameters").as_array().size() == 2);
  CHECK_FALSE(get.at("description").as_string().empty());
  const bj::object& log =
      paths.at("/v1/projects/{project}/apps/{app}/workflows/{workflow}/runs/{run}/jobs/{job}/log")
          .at("get")
          .as_object();
  CHECK(log.at("responses").at("200").at("content").as_object().contains("text/event-stream"));
  CHECK(paths.contains("/v1/projects/{project}/apps/{app}/workflows/{workflow}:run"));
  CHECK(paths.contains("/v1/registries/{registry}"));
  CHECK(paths.at("/v1/auth:signIn").at("post").at("security").as_array().empty());
}

TEST_CASE("every reference leads somewhere, every path parameter is declared, ids are unique") {
  const bj::value document = Document();
  const bj::object& schemas = document.at("components").at("schemas").as_object();
  ForEach(document, [&](const bj::object& object) {
    const auto* ref = object.if_contains("$ref");
    if (ref == nullptr || !ref->is_string()) return;
    const std::string name(ref->as_string().c_str());
    INFO(name);
    CHECK(schemas.contains(name.substr(std::string("#/components/schemas/").size())));
  });
  std::set<std::string> ids;
  for (const auto& [path, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      INFO(std::string(path.data(), path.size()));
      CHECK(ids.insert(operation.at("operationId").as_string().c_str()).second);
      size_t declared = 0;
      if (const auto* parameters = operation.as_object().if_contains("parameters")) {
        for (const auto& parameter : parameters->as_array()) {
          declared += parameter.at("in").as_string() == "path" ? 1 : 0;
        }
      }
      CHECK(declared == static_cast<size_t>(std::count(path.begin(), path.end(), '{')));
    }
  }
}

}  // namespace slipway::gateway
