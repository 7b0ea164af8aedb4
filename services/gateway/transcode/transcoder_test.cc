#include "services/gateway/transcode/transcoder.h"

#include <catch2/catch.hpp>

#include "libs/base/error.h"
#include "services/gateway/transcode/embedded_contract.h"
#include "services/gateway/transcode/json_reader.h"
#include "services/gateway/transcode/json_writer.h"
#include "services/gateway/transcode/test_contract.h"

namespace slipway::gateway {
namespace {

// The test contract with its routes.
struct Things {
  Things() {
    auto loaded = Contract::Load(DescriptorSetOf(TestProto()), false);
    REQUIRE(loaded.ok());
    contract = *std::move(loaded);
    auto created = Transcoder::Create(*contract);
    INFO(MessageOf(created.status()));
    REQUIRE(created.ok());
    transcoder = *std::move(created);
  }

  // "Rpc {request as protobuf's short text}", or "CODE text".
  std::string Bind(const std::string& method, const std::string& target,
                   const std::string& body = "", bool follow = false) const {
    const auto call = transcoder->Bind(method, target, body, follow);
    if (!call.ok()) {
      return absl::StatusCodeToString(call.status().code()) + " " + MessageOf(call.status());
    }
    return call->route->rpc->name() + " {" + call->request->ShortDebugString() + "}";
  }

  std::unique_ptr<Contract> contract;
  std::unique_ptr<Transcoder> transcoder;
};

struct Case {
  std::string method, target, body, expected;
};

}  // namespace

TEST_CASE("paths, queries and bodies are bound to requests") {
  const Things things;
  const Case cases[] = {
      {"GET", "/v1/projects/p/things/t", "", "Get {name: \"projects/p/things/t\"}"},
      {"GET", "/v1/things/t%20u", "", "Get {name: \"things/t u\"}"},
      {"GET", "/v1/things/a%2Fb", "", "Get {name: \"things/a%2Fb\"}"},
      {"GET", "/v1/things/sha256:77c1", "", "Get {name: \"things/sha256:77c1\"}"},
      {"GET", "/v1/files/a/b/c", "", "File {name: \"a/b/c\"}"},
      {"GET", "/v1/projects/p/things?pageSize=5&page_token=a%2Bb+c&words=x&words=y", "",
       "List {parent: \"projects/p\" page_size: 5 page_token: \"a+b c\" words: \"x\" words: "
       "\"y\"}"},
      {"GET", "/v1/projects/p/things?colour=dark_blue&colours=RED&colours=red", "",
       "List {parent: \"projects/p\" colour: DARK_BLUE colours: RED colours: RED}"},
      {"GET",
       "/v1/projects/p/things?like.displayName=x&like.when=1970-01-01T00:00:01Z&like.howLong=1.5s",
       "",
       "List {parent: \"projects/p\" like { display_name: \"x\" when { seconds: 1 } how_long { "
       "seconds: 1 nanos: 500000000 } }}"},
      {"GET", "/v1/projects/p/things?like.right.flag=true&", "",
       "List {parent: \"projects/p\" like { right { flag: true } }}"},
      {"PATCH", "/v1/things/t?updateMask=displayName,colour&validateOnly=true",
       R"({"displayName":"x"})",
       "Update {thing { name: \"things/t\" display_name: \"x\" } update_mask { paths: "
       "\"display_name\" paths: \"colour\" } validate_only: true}"},
      {"POST", "/v1/things", "", "Create {}"},
      {"POST", "/v1/things", " {} ", "Create {}"},
      {"POST", "/v1/things/t:run", R"({"big":"9007199254740993","small":3.0})",
       "Run {name: \"things/t\" small: 3 big: 9007199254740993}"},
      {"POST", "/v1/things/t%3Arun", "", "Run {name: \"things/t\"}"},
      {"GET", "/v1/things/t:watch", "", "Watch {name: \"things/t\"}"},
  };
  for (const Case& c : cases) {
    INFO(c.method << " " << c.target);
    CHECK(things.Bind(c.method, c.target, c.body) == c.expected);
  }
  CHECK(things.Bind("GET", "/v1/things/t:watch", "", true) ==
        "Watch {name: \"things/t\" follow: true}");
  CHECK(things.Bind("GET", "/v1/things/t:watch?follow=false", "", true) ==
        "Watch {name: \"things/t\"}");
}

TEST_CASE("what does not fit is refused and named") {
  const Things things;
  const Case cases[] = {
      {"GET", "/", "", "INVALID_ARGUMENT the path has an empty, . or .. segment"},
      {"GET", "/v1/nothing", "", "NOT_FOUND nothing is at this path"},
      {"GET", "/v1/things/../x", "", "INVALID_ARGUMENT the path has an empty, . or .. segment"},
      {"GET", "/v1/things/%2e%2E", "", "INVALID_ARGUMENT the path has an empty, . or .. segment"},
      {"GET", "/v1/things/%zz", "", "INVALID_ARGUMENT a % escape is broken"},
      {"GET", "/v1/things/a%00", "", "INVALID_ARGUMENT the path holds a control character"},
      {"GET", "/v1/things//", "", "INVALID_ARGUMENT the path has an empty, . or .. segment"},
      {"DELETE", "/v1/things/t", "", "UNIMPLEMENTED GET, PATCH"},
      {"POST", "/v1/things/t:fly", "", "UNIMPLEMENTED GET, PATCH"},
      {"GET", "/v1/projects/p/things?pagesize=5", "",
       "INVALID_ARGUMENT pagesize: unknown query parameter; did you mean \"pageSize\"?"},
      {"GET", "/v1/projects/p/things?zzzzzz=5", "",
       "INVALID_ARGUMENT zzzzzz: unknown query parameter"},
      {"GET", "/v1/projects/p/things?parent=x", "",
       "INVALID_ARGUMENT parent: is given by the path already"},
      {"GET", "/v1/projects/p/things?pageSize=5&page_size=6", "",
       "INVALID_ARGUMENT page_size: given twice"},
      {"GET", "/v1/projects/p/things?pageSize=x", "",
       "INVALID_ARGUMENT pageSize: expected a whole number in range"},
      {"GET", "/v1/projects/p/things?pageSize=3000000000", "",
       "INVALID_ARGUMENT pageSize: expected a whole number in range"},
      {"GET", "/v1/projects/p/things?colour=pink", "",
       "INVALID_ARGUMENT colour: \"pink\" is none of RED, DARK_BLUE"},
      {"GET", "/v1/projects/p/things?labels=x", "",
       "INVALID_ARGUMENT labels: can't be given here: it has parts"},
      {"GET", "/v1/projects/p/things?like.when=yesterday", "",
       "INVALID_ARGUMENT like.when: expected a time like 2026-03-01T12:00:00Z"},
      {"GET", "/v1/projects/p/things", "{\"x\":1}", "INVALID_ARGUMENT body: this call takes none"},
      {"POST", "/v1/things?small=1", "",
       "INVALID_ARGUMENT small: belongs into the body, not into the query"},
      {"PATCH", "/v1/things/t?thing.flag=true", "",
       "INVALID_ARGUMENT thing.flag: belongs into the body, not into the query"},
      {"PATCH", "/v1/things/t", R"({"name":"things/u"})",
       "INVALID_ARGUMENT thing.name: \"things/u\" in the body is not \"things/t\" in the path"},
      {"POST", "/v1/things", R"({"dispalyName":"x"})",
       "INVALID_ARGUMENT dispalyName: unknown field; did you mean \"displayName\"?"},
      {"POST", "/v1/things", R"({"parts":[{},{"parts":[{"nope":1}]}]})",
       "INVALID_ARGUMENT parts[1].parts[0].nope: unknown field"},
      {"POST", "/v1/things", R"({"parts":{}})",
       "INVALID_ARGUMENT parts: expected a list, got an object"},
      {"POST", "/v1/things", R"({"words":["a",null]})",
       "INVALID_ARGUMENT words[1]: expected a value, got null"},
      {"POST", "/v1/things", R"({"flag":"true"})",
       "INVALID_ARGUMENT flag: expected true or false, got a text"},
      {"POST", "/v1/things", R"({"name":7})",
       "INVALID_ARGUMENT name: expected a text, got a number"},
      {"POST", "/v1/things", R"({"small":1.5})", "INVALID_ARGUMENT small: expected a whole number"},
      {"POST", "/v1/things", R"({"usmall":-1})",
       "INVALID_ARGUMENT usmall: expected a whole number in range"},
      {"POST", "/v1/things", R"({"data":"%%"})", "INVALID_ARGUMENT data: expected base64"},
      {"POST", "/v1/things", R"({"left":"x","right":{}})",
       "INVALID_ARGUMENT right: can't stand beside left: only one of them is allowed"},
      {"POST", "/v1/things", R"({"display_name":"x","displayName":"y"})",
       "INVALID_ARGUMENT displayName: given twice"},
      {"POST", "/v1/things", "[]", "INVALID_ARGUMENT body: expected an object, got a list"},
  };
  for (const Case& c : cases) {
    INFO(c.method << " " << c.target << " " << c.body);
    CHECK(things.Bind(c.method, c.target, c.body) == c.expected);
  }
  CHECK(things.Bind("POST", "/v1/things", "{\"name\":").rfind("INVALID_ARGUMENT body: ", 0) == 0);
  CHECK(things.Bind("POST", "/v1/things", "{\"name\":\"\xff\"}").rfind("INVALID_ARGUMENT ", 0) ==
        0);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += R"({"right":)";
  CHECK(things.Bind("POST", "/v1/things", deep).rfind("INVALID_ARGUMENT ", 0) == 0);
}

TEST_CASE("a body with several mistakes is told all of them") {
  const Things things;
  CHECK(things.Bind("POST", "/v1/things",
                    R"({"nope":1,"flag":"x","parts":[{"small":"y"},7],"name":"kept"})") ==
        "INVALID_ARGUMENT nope: unknown field; flag: expected true or false, got a text; "
        "parts[0].small: expected a whole number in range; parts[1]: expected an object, got a "
        "number");
  std::string many;
  for (int i = 0; i < 200; ++i)
    many += (i == 0 ? "{" : ",") + ("\"nope" + std::to_string(i)) + "\":1";
  const auto call = things.transcoder->Bind("POST", "/v1/things", many + "}", false);
  CHECK(DetailsOf(call.status()).field_violations.size() == 50);
}

TEST_CASE("JSON survives the way in and out") {
  const Things things;
  const auto* type = things.contract->pool().FindMessageTypeByName("slipway.test.v1.Thing");
  const auto message = things.contract->New(type);
  const std::string text =
      R"({"name":"a\"\\\n\u0001ü","displayName":"","small":-1,"big":"-9223372036854775808","usmall":4294967295,)"
      R"("ubig":"18446744073709551615","real":0.1,"half":1.5,"flag":true,"data":"AP8=","colour":"RED",)"
      R"("words":["x",""],"colours":["DARK_BLUE"],"parts":[],"counts":{"k":2},"byName":{},)"
      R"("when":"2026-03-01T12:00:00.120Z","howLong":"-1.500s","mask":"displayName,a.b","maybe":0,"left":""})";
  const absl::Status status = ReadJson(text, *message);
  INFO(MessageOf(status));
  REQUIRE(status.ok());
  CHECK(WriteJson(*message) == text);
}

TEST_CASE("empty fields are printed, unset messages and secrets are not") {
  const Things things;
  const auto message =
      things.contract->New(things.contract->pool().FindMessageTypeByName("slipway.test.v1.Thing"));
  const std::string empty = WriteJson(*message);
  CHECK(empty.find("\"name\":\"\"") != std::string::npos);
  CHECK(empty.find("\"colour\":\"COLOUR_UNSPECIFIED\"") != std::string::npos);
  CHECK(empty.find("\"words\":[]") != std::string::npos);
  CHECK(empty.find("when") == std::string::npos);
  CHECK(empty.find("maybe") == std::string::npos);
  CHECK(empty.find("secret") == std::string::npos);
}

TEST_CASE("numbers and enum values are read in all their spellings") {
  const Things things;
  CHECK(things.Bind("POST", "/v1/things",
                    R"({"colour":2,"big":5,"ubig":"7","real":"1e3","half":2,"data":"AP8"})") ==
        "Create {big: 5 ubig: 7 real: 1000 half: 2 data: \"\\000\\377\" colour: DARK_BLUE}");
  CHECK(things.Bind("POST", "/v1/things", R"({"colour":"dark_Blue","name":null})") ==
        "Create {colour: DARK_BLUE}");
}

TEST_CASE("templates that can't be served stop the start") {
  const std::pair<std::string, std::string> cases[] = {
      {R"({get: "/v1/{name=things/*}"})", "two routes"},
      {R"({get: "/v1/things/{small}"})", "two routes"},
      {R"({get: "v1/x"})", "must begin"},
      {R"({get: "/v1/{nope=x/*}"})", "nope"},
      {R"({get: "/v1/{words=x/*}"})", "no list"},
      {R"({get: "/v1/**/x"})", "come last"},
      {R"({get: "/v1/x:"})", "verb"},
      {R"({post: "/v1/x" body: "nope"})", "no message field"},
  };
  for (const auto& [rule, problem] : cases) {
    INFO(rule);
    const auto contract = Contract::Load(
        DescriptorSetOf(
            std::string(TestProto()) +
            "service Other { rpc Go(Thing) returns (Thing) { option (google.api.http) = " + rule +
            "; } }"),
        false);
    REQUIRE(contract.ok());
    const auto transcoder = Transcoder::Create(**contract);
    REQUIRE_FALSE(transcoder.ok());
    CHECK(MessageOf(transcoder.status()).find(problem) != std::string::npos);
  }
}

TEST_CASE("the suite's own contract has routes without conflicts") {
  const auto contract = Contract::Load(EmbeddedDescriptorSet(), false);
  REQUIRE(contract.ok());
  const auto transcoder = Transcoder::Create(**contract);
  INFO(MessageOf(transcoder.status()));
  REQUIRE(transcoder.ok());
  CHECK((*transcoder)->routes().size() > 50);
  CHECK((*transcoder)
            ->Bind("GET", "/v1/projects/demo/apps/hello/images/sha256:77c1", "", false)
            .ok());
  CHECK((*transcoder)
            ->Bind("POST", "/v1/projects/demo/apps/hello/workflows/main:run", "{}", false)
            .ok());
}

}  // namespace slipway::gateway
