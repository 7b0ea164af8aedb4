#include "libs/kube/client/reflector.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>

#include "libs/base/error.h"
#include "libs/kube/client/fake_api_server.h"

namespace slipway::kube {
namespace {

using http::ServerRequest;
using ResponderPtr = std::shared_ptr<http::Responder>;
using Strings = std::vector<std::string>;

const ResourceInfo kPods = {.gvk = {.group = "", .version = "v1", .kind = "Pod"},
                            .resource = "pods",
                            .namespaced = true,
                            .verbs = {},
                            .short_names = {}};

std::string PodJson(const std::string& name, int version) {
  return R"({"kind":"Pod","metadata":{"name":")" + name + R"(","namespace":"shop","uid":"uid-)" +
         name + R"(","resourceVersion":")" + std::to_string(version) + R"("}})";
}
std::string EventJson(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}
std::string Bookmark(int version) {
  return EventJson("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":")" +
                                   std::to_string(version) + R"("}})");
}
std::string ErrorEvent(int code) {
  return EventJson("ERROR",
                   R"({"kind":"Status","message":"gone","code":)" + std::to_string(code) + "}");
}
std::string ListJson(const Strings& names, int version, const std::string& token = "") {
  std::string items;
  for (const std::string& name : names) {
    items += (items.empty() ? "" : ",") + PodJson(name, version);
  }
  return R"({"kind":"PodList","metadata":{"resourceVersion":")" + std::to_string(version) +
         R"(","continue":")" + token + R"("},"items":[)" + items + "]}";
}

// Writes down what it is told: "+a" added, "~a" modified, "-a" deleted, "=" synced, "!" trouble.
class Recorder : public ReflectorHandler {
 public:
  void OnChange(Change change, const ObjectView& object) override {
    constexpr char kSign[] = "+~-";
    CHECK_UID(object);
    told.Push(std::string(1, kSign[static_cast<int>(change)]) + std::string(object.name));
  }
  void OnSynced() override { told.Push("="); }
  void OnTrouble(const absl::Status& problem) override { troubles.Push(problem); }

  void CHECK_UID(const ObjectView& object) {
    if (object.uid != "uid-" + std::string(object.name)) wrong = true;
  }

  Queue<std::string> told;
  Queue<absl::Status> troubles;
  std::atomic<bool> wrong{false};
};

// A server whose lists and watches the test scripts: the nth list, the nth watch.
class Script {
 public:
  using Answer = std::function<void(const ServerRequest&, const ResponderPtr&)>;
  Script(std::vector<Answer> lists, std::vector<Answer> watches)
      : lists_(std::move(lists)), watches_(std::move(watches)) {}

  std::string Target(size_t watch) {
    const Strings all = watched.Wait(watch + 1);
    return all.size() > watch ? all[watch] : "none";
  }

  Queue<std::string> watched, listed;

 private:
  void Handle(const ServerRequest& request, const ResponderPtr& responder) {
    const bool watch = request.target.find("watch=true") != std::string::npos;
    auto& answers = watch ? watches_ : lists_;
    size_t& next = watch ? next_watch_ : next_list_;
    (watch ? watched : listed).Push(request.target);
    if (next < answers.size()) {
      answers[next++](request, responder);
    } else {
      held_.push_back(responder);  // silence
    }
  }

  std::vector<Answer> lists_, watches_;
  size_t next_list_ = 0, next_watch_ = 0;
  std::vector<ResponderPtr> held_;

 public:
  FakeApiServer server{
      [this](ServerRequest request, ResponderPtr responder) { Handle(request, responder); }};
};

Script::Answer List(const Strings& names, int version, const std::string& token = "") {
  return [=](const ServerRequest&, const ResponderPtr& responder) {
    SendJson(*responder, 200, ListJson(names, version, token));
  };
}
Script::Answer Fail(int status, const std::string& body = "{}") {
  return [=](const ServerRequest&, const ResponderPtr& responder) {
    SendJson(*responder, status, body);
  };
}
enum class End { kClean, kCut, kOpen };
Script::Answer Stream(const std::string& text, End end) {
  static std::mutex mu;
  static std::vector<ResponderPtr> open;
  return [=](const ServerRequest&, const ResponderPtr& responder) {
    responder->BeginStream(200, {});
    if (end == End::kOpen) {
      const std::lock_guard<std::mutex> lock(mu);
      open.push_back(responder);
    }
    responder->Write(text, [responder, end](bool) {
      if (end == End::kClean) responder->End();
    });
  };
}

Reflector::Options Fast() {
  Reflector::Options options;
  options.resource = kPods;
  options.ns = "shop";
  options.min_backoff = absl::Milliseconds(5);
  options.max_backoff = absl::Milliseconds(50);
  return options;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a list in pages, then the watch from where it ended") {
  Script script(
      {List({"a", "b"}, 10, "more/+"), List({"c"}, 10)},
      {Stream(EventJson("MODIFIED", PodJson("a", 11)) + EventJson("ADDED", PodJson("d", 12)) +
                  EventJson("DELETED", PodJson("b", 13)),
              End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector::Options options = Fast();
  options.label_selector = "app=x";
  options.metadata_only = true;
  Reflector reflector(*client, options, recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(7) == Strings{"+a", "+b", "+c", "=", "~a", "+d", "-b"});
  CHECK(!recorder.wrong);
  CHECK(reflector.synced());
  CHECK(reflector.objects() == 3);
  CHECK(reflector.lists() == 1);
  const Strings lists = script.listed.Wait(2);
  CHECK(Has(lists[0], "/api/v1/namespaces/shop/pods?labelSelector=app%3Dx&limit=500"));
  CHECK(Has(lists[1], "continue=more%2F%2B"));
  CHECK(Has(script.Target(0), "resourceVersion=10&"));
  CHECK(Has(script.Target(0), "allowWatchBookmarks=true"));
}

TEST_CASE("a watch that ends is taken up where it stopped, with bookmarks too") {
  Script script({List({"a"}, 10)},
                {Stream(EventJson("MODIFIED", PodJson("a", 11)) + Bookmark(20), End::kClean),
                 Stream(EventJson("MODIFIED", PodJson("a", 21)), End::kCut),
                 Stream(EventJson("MODIFIED", PodJson("a", 22)), End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(5) == Strings{"+a", "=", "~a", "~a", "~a"});
  CHECK(Has(script.Target(1), "resourceVersion=20&"));
  CHECK(Has(script.Target(2), "resourceVersion=21&"));
  CHECK(reflector.lists() == 1);
}

TEST_CASE("410 lists again and tells what vanished in between") {
  const bool in_stream = GENERATE(true, false);
  Script script({List({"a", "b"}, 10), List({"b", "c"}, 50)},
                {in_stream ? Stream(ErrorEvent(410), End::kOpen) : Fail(410),
                 Stream(EventJson("MODIFIED", PodJson("c", 51)), End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(8) == Strings{"+a", "+b", "=", "~b", "+c", "-a", "=", "~c"});
  CHECK(!recorder.wrong);
  CHECK(Has(script.Target(1), "resourceVersion=50&"));
  CHECK(reflector.lists() == 2);
}

TEST_CASE("a list fails until it does not, and nothing is told as deleted meanwhile") {
  Script script(
      {Fail(500), Fail(403), Fail(200, "<html>"), Fail(200, ListJson({"a"}, 5).substr(0, 90)),
       List({"a", "b"}, 10, "t"), Fail(503), List({"a", "b"}, 11)},
      {Stream(EventJson("MODIFIED", PodJson("a", 12)), End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(6) == Strings{"+a", "+b", "~a", "~b", "=", "~a"});
  CHECK(recorder.troubles.Wait(5).size() == 5);
}

TEST_CASE("a page that expired is read again, without pages the second time") {
  Script script({List({"a"}, 10, "t"), Fail(410), List({"a", "b"}, 11)}, {Stream("", End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(4) == Strings{"+a", "~a", "+b", "="});
  const Strings lists = script.listed.Wait(3);
  CHECK(Has(lists[1], "limit=500"));
  CHECK(!Has(lists[2], "limit="));
}

TEST_CASE("garbage in a watch ends it, and the next one goes on from the last good event") {
  const auto garbage = GENERATE(as<std::string>(), "not json\n", "{\"type\":\"ADDED\"}\n", "{}\n",
                                "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n",
                                "{\"type\":\"BOOKMARK\",\"object\":{}}\n");
  Script script({List({"a"}, 10)}, {Stream(EventJson("MODIFIED", PodJson("a", 11)) + garbage +
                                               EventJson("MODIFIED", PodJson("x", 12)),
                                           End::kOpen),
                                    Stream(EventJson("MODIFIED", PodJson("a", 13)), End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  CHECK(recorder.told.Wait(4) == Strings{"+a", "=", "~a", "~a"});
  CHECK(Has(script.Target(1), "resourceVersion=11&"));
  CHECK(DetailsOf(recorder.troubles.Wait(1)[0]).reason == "CLUSTER_ANSWER_INVALID");
}

TEST_CASE("a watch that fell silent is begun anew") {
  Script script({List({"a"}, 10)}, {Stream("", End::kOpen),
                                    Stream(EventJson("MODIFIED", PodJson("a", 11)), End::kOpen)});
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector::Options options = Fast();
  options.idle_limit = absl::Milliseconds(100);
  Reflector reflector(*client, options, recorder);
  reflector.Start();
  const Strings told = recorder.told.Wait(3);
  REQUIRE(told.size() >= 3);
  CHECK(told[2] == "~a");
  CHECK(Has(script.Target(1), "resourceVersion=10&"));
}

TEST_CASE("watches that end at once are not repeated in a hot loop") {
  std::vector<Script::Answer> watches(1000, Stream("", End::kClean));
  Script script({List({"a"}, 10)}, std::move(watches));
  const auto client = script.server.NewClient();
  Recorder recorder;
  Reflector::Options options = Fast();
  options.min_backoff = absl::Milliseconds(50);
  options.max_backoff = absl::Seconds(10);
  Reflector reflector(*client, options, recorder);
  reflector.Start();
  recorder.troubles.Wait(3);
  reflector.Stop();
  CHECK(script.watched.size() < 6);
}

TEST_CASE("after Stop nothing is told, and it may be stopped at any time") {
  std::vector<Script::Answer> watches;
  for (int i = 0; i < 50; ++i) {
    watches.push_back(Stream(EventJson("MODIFIED", PodJson("a", 11 + i)), End::kClean));
  }
  Script script({List({"a"}, 10)}, std::move(watches));
  const auto client = script.server.NewClient();
  Recorder recorder;
  { Reflector never(*client, Fast(), recorder); }
  Reflector reflector(*client, Fast(), recorder);
  reflector.Start();
  recorder.told.Wait(4);
  reflector.Stop();
  const size_t told = recorder.told.size();
  Request request;
  request.path = "/x";
  request.timeout = absl::Milliseconds(100);
  (void)client->Do(request);
  CHECK(recorder.told.size() == told);
  reflector.Stop();
}

}  // namespace slipway::kube
