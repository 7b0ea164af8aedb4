#include "libs/log/log.h"

#include <fcntl.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>
#include <vector>

#include "libs/base/file.h"
#include "libs/base/strings.h"
#include "libs/base/unique_fd.h"

namespace slipway::log {
namespace {

// Sends the process's log into a file for one test.
class Capture {
 public:
  explicit Capture(Level level = Level::kInfo)
      : dir_(*TempDir::Create("log")),
        fd_(*OpenBeneath(dir_.path(), "log", O_RDWR | O_CREAT | O_APPEND)) {
    Init({.service = "test", .level = level, .fd = fd_.get()});
  }
  ~Capture() { Init({.service = ""}); }

  std::vector<boost::json::object> Lines() const {
    std::vector<boost::json::object> lines;
    for (const std::string& line : Split(*ReadFile(dir_.path() + "/log"), '\n')) {
      if (!line.empty()) lines.push_back(boost::json::parse(line).as_object());
    }
    return lines;
  }

 private:
  TempDir dir_;
  UniqueFd fd_;
};

}  // namespace

TEST_CASE("a log line is one JSON object with its fields in their types") {
  Capture capture;
  Info("runs.claimed", "claimed",
       {{"count", 3}, {"ratio", 0.5}, {"ok", true}, {"name", "a\"\n\x01"}});
  const auto lines = capture.Lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("service") == "test");
  CHECK(lines[0].at("level") == "info");
  CHECK(lines[0].at("event") == "runs.claimed");
  CHECK(lines[0].at("count") == 3);
  CHECK(lines[0].at("ratio") == 0.5);
  CHECK(lines[0].at("ok") == true);
  CHECK(lines[0].at("name") == "a\"\n\x01");
  CHECK(lines[0].contains("ts"));
  CHECK_FALSE(lines[0].contains("trace_id"));
}

TEST_CASE("bytes that are not UTF-8 and numbers that are not finite still give valid JSON") {
  Capture capture;
  Info("x", std::string("bad \xff\xfe"), {{"nan", std::nan("")}});
  REQUIRE(capture.Lines().size() == 1);
  CHECK(capture.Lines()[0].at("nan").is_null());
}

TEST_CASE("lines below the level are dropped") {
  Capture capture(Level::kWarn);
  Info("a", "no");
  Warn("b", "yes");
  REQUIRE(capture.Lines().size() == 1);
  CHECK(capture.Lines()[0].at("event") == "b");
  CHECK(ParseLevel("warn") == Level::kWarn);
  CHECK_FALSE(ParseLevel("loud").has_value());
}

TEST_CASE("a scope adds to the context of its own thread and takes it away at its end") {
  Capture capture;
  {
    Scope outer({.trace_id = "t1", .request_id = "r1"});
    {
      Scope inner({.span_id = "s1", .actor = "users/eve"});
      Info("inner", "");
      std::thread([] { Info("other", ""); }).join();
    }
    Info("outer", "");
  }
  const auto lines = capture.Lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("trace_id") == "t1");
  CHECK(lines[0].at("span_id") == "s1");
  CHECK(lines[0].at("actor") == "users/eve");
  CHECK_FALSE(lines[1].contains("trace_id"));
  CHECK(lines[2].at("request_id") == "r1");
  CHECK_FALSE(lines[2].contains("actor"));
  CHECK(CurrentContext().trace_id.empty());
}

TEST_CASE("lines of many threads never mix") {
  Capture capture;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 100; ++i) Info("e", std::string(300, 'x'));
    });
  }
  for (auto& t : threads) t.join();
  CHECK(capture.Lines().size() == 800);
}

}  // namespace slipway::log
