#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "libs/kube/client/json_scan.h"
#include "libs/kube/client/ledger.h"
#include "libs/kube/client/request.h"
#include "libs/kube/client/resource.h"
#include "libs/kube/client/watch_event.h"

namespace slipway::kube {
namespace {

std::vector<std::string> Elements(std::string_view text) {
  std::vector<std::string> all;
  if (!scan::Items(text, [&](std::string_view item) {
        all.emplace_back(item);
        return true;
      })) {
    all.emplace_back("(cut)");
  }
  return all;
}

using Strings = std::vector<std::string>;

ObjectView Named(const std::string& uid, const std::string& ns, const std::string& name) {
  return {.uid = uid, .ns = ns, .name = name};
}

}  // namespace

TEST_CASE("an array is cut into its elements, whatever they hold") {
  CHECK(Elements("[]").empty());
  CHECK(Elements(" [ 1 , \"a,]\" , {\"b\":[1,{\"c\":\"}\\\"\"}]} ,null] ") ==
        Strings{"1", "\"a,]\"", "{\"b\":[1,{\"c\":\"}\\\"\"}]}", "null"});
  CHECK(Elements("[1,2") == Strings{"1", "2", "(cut)"});
  CHECK(Elements("[{\"a\":1]") == Strings{"(cut)"});
  CHECK(Elements("[\"a\\") == Strings{"(cut)"});
  CHECK(Elements("{}") == Strings{"(cut)"});
  CHECK(Elements("") == Strings{"(cut)"});
  CHECK(Elements("[,]") == Strings{"(cut)"});
}

TEST_CASE("a field is found at its own level only") {
  const std::string text = R"({"x":{"uid":"inner"},"a\"b":1,"uid":"outer"})";
  CHECK(scan::Field(text, "uid") == "\"outer\"");
  CHECK(scan::Field(text, "y").empty());
  CHECK(scan::Field("[1]", "y").empty());
  CHECK(scan::String("\"a\\u00e9\\n\"") == "a\u00e9\n");
  CHECK(scan::PlainString("\"a\\n\"").empty());
  CHECK(scan::String("7").empty());
}

TEST_CASE("nesting without end is refused, not followed") {
  CHECK(Elements("[" + std::string(100'000, '[')) == Strings{"(cut)"});
  CHECK(Elements("[" + std::string(100, '[') + std::string(100, ']') + "]").size() == 1);
}

TEST_CASE("no prefix of an event is taken for an event, and none does harm") {
  const std::string event =
      R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"managedFields":[{"a":"}"}],)"
      R"("name":"x","namespace":"shop","resourceVersion":"7","uid":"u-1"},"spec":{"a":[1,2]}}})";
  for (size_t size = 0; size < event.size(); ++size) {
    CHECK(!ParseWatchEvent(event.substr(0, size)).ok());
  }
  const auto parsed = ParseWatchEvent(event);
  REQUIRE(parsed.ok());
  CHECK(parsed->type == WatchEvent::Type::kAdded);
  const auto object = ViewObject(parsed->object);
  REQUIRE(object.ok());
  CHECK(object->name == "x");
  CHECK(object->ns == "shop");
  CHECK(object->uid == "u-1");
  CHECK(object->resource_version == "7");
  CHECK(!ViewObject(R"({"metadata":{"name":"x"}})").ok());
  CHECK(!ParseWatchEvent(R"({"type":"PARTY","object":{}})").ok());
}

TEST_CASE("a page of a list shows version, token and items") {
  const auto page = ParseListPage(
      R"({"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"abc"},)"
      R"("items":[{"metadata":{}}]})");
  REQUIRE(page.ok());
  CHECK(page->resource_version == "9");
  CHECK(page->continue_token == "abc");
  CHECK(page->items == R"([{"metadata":{}}])");
  CHECK(page->kind == "PodList");
  CHECK(ParseListPage(R"({"metadata":{"resourceVersion":"9"},"items":null})")->items.empty());
  CHECK(!ParseListPage(R"({"metadata":{"resourceVersion":"9"}})").ok());
  CHECK(!ParseListPage(R"({"metadata":{"resourceVersion":"9"},"items":[)").ok());
  CHECK(!ParseListPage("<html>").ok());
}

TEST_CASE("the ledger tells after a round what was not seen in it") {
  const std::string uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
  Ledger ledger;
  ledger.BeginRound();
  CHECK(ledger.See(Named(uuid, "shop", "api")));
  CHECK(!ledger.See(Named(uuid, "shop", "api")));
  CHECK(ledger.See(Named("not-a-uuid", "", "cluster-thing")));
  CHECK(ledger.See(Named("0F8FAD5B-D9CB-469F-A165-70867728950E", "shop", "upper")));
  CHECK(ledger.See(Named("stays", "shop", "stays")));
  ledger.BeginRound();
  ledger.See(Named("stays", "shop", "stays"));
  std::vector<std::string> gone;
  ledger.Sweep([&](const ObjectView& object) {
    gone.push_back(std::string(object.uid) + " " + std::string(object.ns) + "/" +
                   std::string(object.name));
  });
  std::sort(gone.begin(), gone.end());
  CHECK(gone == Strings{"0F8FAD5B-D9CB-469F-A165-70867728950E shop/upper", uuid + " shop/api",
                        "not-a-uuid /cluster-thing"});
  CHECK(ledger.size() == 1);
  ledger.Forget("stays");
  CHECK(ledger.size() == 0);
}

TEST_CASE("names and selectors are encoded for paths and queries") {
  ResourceInfo roles;
  roles.gvk = {.group = "rbac.authorization.k8s.io", .version = "v1", .kind = "Role"};
  roles.resource = "roles";
  roles.namespaced = true;
  CHECK(roles.ObjectPath("shop", "a/b?c#d:%\n") ==
        "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/a%2Fb%3Fc%23d%3A%25%0A");
  CHECK(EncodeQuery({{"labelSelector", "app in (a,b)"}, {"resourceVersion", ""}}) ==
        "labelSelector=app%20in%20%28a%2Cb%29&resourceVersion=");
}

}  // namespace slipway::kube
